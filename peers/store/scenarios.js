// What is recorded. `r` drives two nodes, `a` and `b`; the settings are those of genuine nodes.
const event = (name, ...args) => `5:::${JSON.stringify({ name, args })}`;

module.exports = {
  'handshake-unused': {
    about: 'a handshake that nobody uses',
    async run(r) {
      await r.handshake('a');
      await r.command('b', { do: 'state' });
      await r.wait(42000);
      await r.command('a', { do: 'state' });
      await r.command('b', { do: 'state' });
    }
  },
  'websocket-one-node': {
    about: 'handshake and websocket at a; nothing needs b',
    async run(r) {
      const session = await r.handshake('a');
      const socket = await r.websocket('a', session);
      await r.message(socket, '3:::hello');
      await r.message(socket, '3:1::acknowledged by itself');
      await r.message(socket, '5:2+::{"name":"ask","args":["a",1]}');
      await r.message(socket, '4:::{"a":[1,2.50,null]}');
      await r.command('a', { do: 'emit', session, name: 'news', args: ['h\u00e9llo \ud83d\ude00 "x"\n'] });
      await r.command('a', { do: 'question', session, name: 'q', args: [1] });
      await r.message(socket, '6:::1+["answer"]');
      await r.command('b', { do: 'state' });
      await r.message(socket, '0::');
      await r.command('a', { do: 'state' });
      await r.command('b', { do: 'state' });
    }
  },
  'websocket-other-node': {
    about: 'handshake at a, websocket at b, both applications speak to it',
    async run(r) {
      const session = await r.handshake('a');
      const socket = await r.websocket('b', session);
      await r.message(socket, '3:::hello');
      await r.message(socket, '5:2+::{"name":"ask","args":["a",1]}');
      await r.command('a', { do: 'emit', session, name: 'news', args: ['from a'] });
      await r.command('a', { do: 'send', session, data: 'h\u00e9llo \ud83d\ude00 \u2028' });
      await r.command('a', { do: 'volatile', session, name: 'news', args: ['volatile from a'] });
      await r.command('b', { do: 'emit', session, name: 'news', args: ['from b'] });
      await r.command('a', { do: 'broadcast', name: 'news', args: ['to all from a'] });
      await r.command('b', { do: 'broadcast', name: 'news', args: ['to all from b'] });
      await r.message(socket, '0::');
    }
  },
  'rooms': {
    about: 'one session at each node; rooms joined here and from the other node; exceptions',
    async run(r) {
      const one = await r.handshake('a');
      const first = await r.websocket('a', one);
      const two = await r.handshake('a');
      await r.websocket('b', two);
      await r.command('a', { do: 'join', session: one, room: 'red' });
      await r.command('b', { do: 'join', session: two, room: 'red' });
      await r.command('a', { do: 'join', session: two, room: 'blue' });
      await r.command('b', { do: 'broadcast', room: 'red', name: 'news', args: ['red from b'] });
      await r.command('a', { do: 'broadcast', room: 'red', name: 'news', args: ['red from a'] });
      await r.command('a', { do: 'broadcast', room: 'blue', name: 'news', args: ['blue from a'] });
      await r.command('b', { do: 'broadcast', name: 'news', args: ['but one'], except: [one] });
      await r.command('a', { do: 'broadcast', name: 'news', args: ['but both'], except: [one, two] });
      await r.command('b', { do: 'leave', session: two, room: 'red' });
      await r.command('b', { do: 'leave', session: one, room: 'red' });
      await r.command('a', { do: 'broadcast', room: 'red', name: 'news', args: ['nobody'] });
      await r.message(first, '0::');
      await r.command('b', { do: 'broadcast', name: 'news', args: ['after one left'] });
      await r.command('b', { do: 'state' });
    }
  },
  'namespaces': {
    about: 'a namespace joined at a and at b, broadcasts and rooms in it',
    async run(r) {
      const one = await r.handshake('a');
      const first = await r.websocket('a', one);
      await r.message(first, '1::/chat');
      await r.message(first, '3::/chat:in chat');
      const two = await r.handshake('b');
      const second = await r.websocket('b', two);
      await r.message(second, '1::/chat');
      await r.command('b', { do: 'broadcast', endpoint: '/chat', name: 'news', args: ['chat from b'] });
      await r.command('a', { do: 'join', endpoint: '/chat', session: one, room: 'red' });
      await r.command('b', { do: 'broadcast', endpoint: '/chat', room: 'red', name: 'news', args: ['red chat from b'] });
      await r.message(first, '0::/chat');
      await r.command('b', { do: 'broadcast', endpoint: '/chat', name: 'news', args: ['after it left'] });
      await r.command('b', { do: 'state' });
    }
  },
  'disconnect-from-other-node': {
    about: 'the application at b ends a websocket of a',
    async run(r) {
      const session = await r.handshake('a');
      const socket = await r.websocket('a', session);
      await r.command('b', { do: 'disconnect', session });
      await r.message(socket, '3:::still here?');
      await r.command('a', { do: 'state' });
      await r.command('b', { do: 'state' });
    }
  },
  'disconnect-at-home': {
    about: 'the application at a ends a websocket of a, and a client closes its own',
    async run(r) {
      const one = await r.handshake('a');
      await r.websocket('a', one);
      await r.command('a', { do: 'disconnect', session: one });
      const two = await r.handshake('a');
      const second = await r.websocket('a', two);
      await r.leave(second);
      await r.command('b', { do: 'state' });
    }
  },
  'polling-one-node': {
    about: 'handshake, polls and posts at a',
    async run(r) {
      const session = await r.handshake('a');
      await r.poll('a', session);
      await r.poll('a', session);
      await r.command('a', { do: 'emit', session, name: 'news', args: ['answers the poll'] });
      await r.command('a', { do: 'emit', session, name: 'news', args: ['waits'] });
      await r.command('a', { do: 'broadcast', name: 'news', args: ['waits too'] });
      await r.command('a', { do: 'volatile', session, name: 'news', args: ['dropped'] });
      await r.poll('a', session);
      await r.poll('a', session);
      await r.post('a', session, '3:::hello');
      await r.post('a', session, '5:1+::{"name":"ask","args":["x"]}');
      await r.post('a', session, '3:2::acknowledged into the buffer');
      await r.poll('a', session);
      await r.poll('a', session);
      await r.post('a', session, '0::');
      await r.command('b', { do: 'state' });
    }
  },
  'polling-other-node': {
    about: 'handshake at a, everything else at b; the application at a speaks to it',
    async run(r) {
      const session = await r.handshake('a');
      await r.poll('b', session);
      await r.poll('b', session);
      await r.command('a', { do: 'emit', session, name: 'news', args: ['to the open poll'] });
      await r.command('b', { do: 'emit', session, name: 'news', args: ['waits'] });
      await r.poll('b', session);
      await r.post('b', session, '3:::hello');
      await r.post('b', session, '0::');
    }
  },
  'post-at-other-node': {
    about: 'home and poll at a, posts at b',
    async run(r) {
      const session = await r.handshake('a');
      await r.poll('a', session);
      await r.poll('a', session);
      await r.post('b', session, '3:::hello');
      await r.post('b', session, '4:::{"a":1}');
      await r.post('b', session, event('note', 'x', 2));
      await r.post('b', session, '3:7::wants an acknowledgement');
      await r.poll('a', session);
      await r.post('b', session, '5:8+::{"name":"ask","args":["data"]}');
      await r.poll('a', session);
      await r.post('b', session, '1::/chat');
      await r.poll('a', session);
      await r.post('b', session, '3::/chat:in chat');
      await r.post('b', session, '6:::1+["nobody asked"]');
      await r.post('b', session, '2::');
      await r.post('b', session, '0::/chat');
      await r.post('b', session, '3:::two\u2028lines h\u00e9llo \ud83d\ude00');
      await r.post('b', session, '0::');
      await r.command('a', { do: 'state' });
      await r.command('b', { do: 'state' });
    }
  },
  'poll-moves': {
    about: 'home a; polls and posts alternate between a and b',
    async run(r) {
      const session = await r.handshake('a');
      await r.poll('a', session);
      await r.poll('b', session);
      await r.command('a', { do: 'emit', session, name: 'news', args: ['to the poll at b'] });
      await r.command('a', { do: 'emit', session, name: 'news', args: ['second'] });
      await r.poll('b', session);
      await r.poll('a', session);
      await r.post('b', session, '3:::posted at b');
      await r.post('a', session, '3:::posted at a');
      await r.command('b', { do: 'emit', session, name: 'news', args: ['from b'] });
      await r.poll('b', session);
      await r.poll('a', session);
      await r.command('a', { do: 'broadcast', name: 'news', args: ['to all'] });
      await r.post('a', session, '0::');
    }
  },
  'unknown-session': {
    about: 'requests for a session that was never handshaken',
    async run(r) {
      await r.poll('a', '4711');
      await r.websocket('a', '4712');
      await r.post('a', '4713', '3:::hello');
      await r.post('a', '4714', '5:1+::{"name":"ask","args":[]}');
      await r.post('a', '4715', '3:2::x');
      await r.post('a', '4716', '2::');
      await r.post('a', '4717', '0::');
      await r.http('a', 'GET', '/socket.io/1/xhr-polling/4718?disconnect');
    }
  },
  'late-node': {
    late: true,
    about: 'b starts after the handshake; a poll and a websocket there',
    async run(r) {
      const one = await r.handshake('a');
      const socket = await r.websocket('a', one);
      const two = await r.handshake('a');
      await r.poll('a', two);
      await r.node('b');
      await r.post('b', one, '3:::hello');
      await r.poll('b', two);
      await r.websocket('b', one);
      await r.message(socket, '3:::still here?');
      await r.command('a', { do: 'state' });
    }
  },
  'forced-disconnect': {
    about: '?disconnect at b of sessions whose transport is at a',
    async run(r) {
      const one = await r.handshake('a');
      await r.websocket('a', one);
      await r.http('b', 'GET', `/socket.io/1/websocket/${one}?disconnect`);
      const two = await r.handshake('a');
      await r.poll('a', two);
      await r.http('b', 'GET', `/socket.io/1/xhr-polling/${two}?disconnect`);
      await r.poll('a', two);
      await r.http('b', 'GET', `/socket.io/1/xhr-polling/${two}?disconnect`);
    }
  },
  'close-timeout': {
    settings: { 'close timeout': 2, 'polling duration': 1 },
    about: 'polls run out and nobody polls again; at a, and at b for a session of a',
    async run(r) {
      const one = await r.handshake('a');
      await r.poll('a', one);
      await r.poll('a', one, 1400);
      await r.wait(2400);
      const two = await r.handshake('a');
      await r.poll('a', two);
      await r.poll('b', two, 1400);
      await r.wait(2400);
      await r.command('a', { do: 'state' });
      await r.command('b', { do: 'state' });
    }
  },
  'heartbeats': {
    settings: { 'heartbeat interval': 1, 'heartbeat timeout': 1 },
    about: 'a websocket at a; its heartbeat is answered there, by a post at b, and not at all',
    async run(r) {
      const session = await r.handshake('a');
      const socket = await r.websocket('a', session);
      await r.wait(1000);
      await r.message(socket, '2::');
      await r.wait(1000);
      await r.post('b', session, '2::');
      await r.wait(2600);
      await r.command('b', { do: 'state' });
    }
  },
  'poll-aborted': {
    about: 'a waiting poll is aborted; at a, and at b for a session of a',
    async run(r) {
      const one = await r.handshake('a');
      await r.poll('a', one);
      const waiting = await r.poll('a', one);
      await r.leave(waiting, 'a');
      const two = await r.handshake('a');
      await r.poll('a', two);
      const there = await r.poll('b', two);
      await r.leave(there, 'b');
      await r.command('a', { do: 'state' });
    }
  },
  'websocket-moves': {
    about: 'a second websocket of one session, at the other node',
    async run(r) {
      const session = await r.handshake('a');
      const first = await r.websocket('a', session);
      const second = await r.websocket('b', session);
      await r.message(second, '3:::at b');
      await r.message(first, '3:::at a');
      await r.command('a', { do: 'emit', session, name: 'news', args: ['from a'] });
      await r.command('b', { do: 'broadcast', name: 'news', args: ['to all'] });
      await r.leave(second);
      await r.command('a', { do: 'state' });
    }
  },
  'post-first': {
    about: 'a post opens the session at a, the first poll is at b',
    async run(r) {
      const session = await r.handshake('a');
      await r.post('a', session, '3:::before any poll');
      await r.poll('b', session);
      await r.command('a', { do: 'emit', session, name: 'news', args: ['from a'] });
    }
  },
  'broadcast-while-away': {
    about: 'one session polls at a, one at b; broadcasts while no poll waits',
    async run(r) {
      const one = await r.handshake('a');
      await r.poll('a', one);
      const two = await r.handshake('b');
      await r.poll('b', two);
      await r.command('a', { do: 'broadcast', name: 'news', args: [1] });
      await r.command('b', { do: 'broadcast', name: 'news', args: [2] });
      await r.poll('a', one);
      await r.poll('b', two);
      await r.poll('a', one);
      await r.poll('b', two);
      await r.command('b', { do: 'broadcast', name: 'news', args: [3] });
    }
  }
};
