//! The mailbox of a node, and the count of a queue, under every interleaving of their threads, checked with loom. Each promise is also broken on purpose: with what
//! protects it removed, loom must find the interleaving that breaks it, or the check would show nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../../src/fill.rs"]
mod fill;
#[path = "../../src/mailbox.rs"]
#[allow(dead_code, reason = "the node uses more of it")]
mod mailbox;
mod sync;

use std::process::Command;
use std::task::{Context, Wake, Waker};

use loom::future::block_on;
use loom::thread;

use fill::Fill;
use mailbox::{Fault, Sender, mailbox};
use sync::plant;

/// Says to the process of a test which fault to plant.
const PLANT: &str = "MAILBOX_FAULT";

/// How often the threads of a world are interrupted at most where they would not wait: the most that loom's authors advise.
const PREEMPTIONS: usize = 3;

/// Explores every interleaving of `world` with so many interruptions.
fn explore(world: impl Fn() + Sync + Send + 'static) {
    plant(&std::env::var(PLANT).unwrap_or_default());
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(world);
}

/// Runs one of the tests again with a fault planted; gives what it printed when it failed. In a process of its own: loom
/// panics at a deadlock, and what then is dropped panics again, which ends the process.
fn broken(test: &str, fault: Fault) -> String {
    let program = std::env::current_exe().expect("this program");
    let run = Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env(PLANT, format!("{fault:?}"))
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("it runs");
    assert!(!run.status.success(), "{test} holds although {fault:?} is planted");
    String::from_utf8_lossy(&run.stderr).into_owned()
}

/// A sender on a thread of its own, and a receiver that sleeps in between.
fn each_arrives_once_in_its_order() {
    let (sender, mut receiver) = mailbox();
    let sending = thread::spawn(move || (1..=3).for_each(|mail| sender.send(mail).unwrap()));
    let mut arrived = Vec::new();
    block_on(async {
        while let Some(mail) = receiver.recv().await {
            arrived.push(mail);
        }
    });
    sending.join().unwrap();
    assert_eq!(arrived, [1, 2, 3]);
}

/// Two senders on threads of their own.
fn two_senders_reach_one_receiver() {
    let (sender, mut receiver) = mailbox();
    let other = sender.clone();
    let one = thread::spawn(move || sender.send(1).unwrap());
    let two = thread::spawn(move || other.send(2).unwrap());
    let sum = block_on(async { receiver.recv().await.unwrap() + receiver.recv().await.unwrap() });
    one.join().unwrap();
    two.join().unwrap();
    assert_eq!((sum, block_on(receiver.recv())), (3, None));
}

#[test]
fn mail_arrives_once_in_its_order_and_a_sleeping_receiver_is_woken() {
    explore(each_arrives_once_in_its_order);
}

#[test]
fn the_mail_of_two_senders_arrives_and_their_end_is_noticed() {
    explore(two_senders_reach_one_receiver);
}

#[test]
fn a_receiver_that_does_not_look_again_before_it_sleeps_is_found_out() {
    let said = broken("mail_arrives_once_in_its_order_and_a_sleeping_receiver_is_woken", Fault::SleepsUnseen);
    assert!(said.contains("deadlock"), "{said}");
}

#[test]
fn a_receiver_that_takes_what_is_new_too_early_is_found_out() {
    let said = broken("mail_arrives_once_in_its_order_and_a_sleeping_receiver_is_woken", Fault::TakesEarly);
    assert!(said.contains("assertion"), "{said}");
}

#[test]
fn a_last_sender_that_leaves_silently_is_found_out() {
    let said =
        broken("mail_arrives_once_in_its_order_and_a_sleeping_receiver_is_woken", Fault::LeavesSilently);
    assert!(said.contains("deadlock"), "{said}");
}

/// Mail that tells when it is dropped without having been received.
struct Asked(Sender<&'static str>);

impl Drop for Asked {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// A request is sent while the task ends: whoever waits for the answer must hear of it.
fn nobody_waits_for_a_task_that_has_ended() {
    let (sender, receiver) = mailbox();
    let (answers, mut answered) = mailbox();
    let ending = thread::spawn(move || drop(receiver));
    // Given back or dropped with the mailbox: either way it is dropped, and the answer ends.
    drop(sender.send(Asked(answers)));
    ending.join().unwrap();
    let answer = block_on(answered.recv());
    assert_eq!(answer, Some("dropped"));
    drop(sender);
}

#[test]
fn mail_to_a_task_that_ends_is_given_back_or_dropped_and_never_kept() {
    explore(nobody_waits_for_a_task_that_has_ended);
}

#[test]
fn a_sender_that_does_not_look_again_whether_the_mailbox_is_closed_is_found_out() {
    let said = broken("mail_to_a_task_that_ends_is_given_back_or_dropped_and_never_kept", Fault::SendsUnseen);
    assert!(said.contains("deadlock"), "{said}");
}

/// A waker that uses the mailbox.
struct Nosy(std::sync::Mutex<Option<Sender<u32>>>);

impl Wake for Nosy {
    fn wake(self: std::sync::Arc<Self>) {
        let sender = self.0.lock().unwrap().take();
        if let Some(sender) = sender {
            assert!(!sender.is_closed());
        }
    }
}

/// A receiver sleeps with a waker that asks the mailbox something when it is woken.
fn a_waker_may_use_the_mailbox() {
    let (sender, mut receiver) = mailbox();
    let waker = Waker::from(std::sync::Arc::new(Nosy(std::sync::Mutex::new(Some(sender.clone())))));
    assert!(receiver.poll_recv(&mut Context::from_waker(&waker)).is_pending());
    let sending = thread::spawn(move || sender.send(1).unwrap());
    sending.join().unwrap();
    assert_eq!(block_on(receiver.recv()), Some(1));
}

#[test]
fn a_waker_is_called_without_the_lock() {
    explore(a_waker_may_use_the_mailbox);
}

#[test]
fn a_sender_that_wakes_under_the_lock_is_found_out() {
    let said = broken("a_waker_is_called_without_the_lock", Fault::WakesLocked);
    assert!(said.contains("deadlock"), "{said}");
}

/// The end of the last sender and the upgrade of a weak one meet.
fn a_weak_sender_keeps_nothing_alive() {
    let (sender, mut receiver) = mailbox::<u32>();
    let weak = sender.downgrade();
    let upgrading = thread::spawn(move || weak.upgrade().is_some_and(|sender| sender.send(1).is_ok()));
    drop(sender);
    let mut arrived = false;
    block_on(async {
        while receiver.recv().await.is_some() {
            arrived = true;
        }
    });
    // What is sent once the mailbox has ended arrives at nobody.
    assert_eq!(upgrading.join().unwrap(), arrived);
}

#[test]
fn a_weak_sender_sends_while_there_is_another_and_the_mailbox_ends_without() {
    explore(a_weak_sender_keeps_nothing_alive);
}

#[test]
fn a_sender_that_is_not_counted_is_found_out() {
    let said = broken("the_mail_of_two_senders_arrives_and_their_end_is_noticed", Fault::ClonesUncounted);
    assert!(said.contains("panicked"), "{said}");
}

#[test]
fn a_weak_sender_that_does_not_look_again_for_another_is_found_out() {
    let said = broken(
        "a_weak_sender_sends_while_there_is_another_and_the_mailbox_ends_without",
        Fault::UpgradesUnseen,
    );
    assert!(said.contains("assertion"), "{said}");
}

/// Parts of one and two bytes go through a queue, and are taken out on another thread.
fn the_count_covers_what_lies_there() {
    let (sender, mut receiver) = mailbox();
    let fill = Fill::new();
    let there = fill.clone();
    let taking = thread::spawn(move || {
        block_on(async {
            while let Some(len) = receiver.recv().await {
                let before = there.took(len);
                assert!((len..=3).contains(&before), "{before} bytes counted, and {len} taken out");
            }
        });
    });
    for len in [1, 2] {
        let (before, sent) = fill.put(len, || sender.send(len));
        sent.unwrap();
        assert!(before < len, "{before} bytes before {len}");
    }
    drop(sender);
    taking.join().unwrap();
    assert_eq!(fill.took(0), 0);
}

#[test]
fn the_count_of_a_queue_is_never_less_than_what_lies_there_and_exact_in_the_end() {
    explore(the_count_covers_what_lies_there);
}

#[test]
fn a_count_after_the_part_is_handed_over_is_found_out() {
    let said = broken(
        "the_count_of_a_queue_is_never_less_than_what_lies_there_and_exact_in_the_end",
        Fault::CountsLate,
    );
    assert!(said.contains("taken out"), "{said}");
}
