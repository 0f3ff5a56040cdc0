//! The releases a machine can behave as.

use std::time::Duration;

use socketio08::Profile;
use socketio08::client::ClientConfig;
use socketio08::server::ServerConfig;

#[test]
fn a_server_of_each_profile_has_its_default_timers() {
    let seconds = |profile| {
        let config = ServerConfig::for_profile(profile);
        let timers = [
            config.heartbeat_interval,
            config.heartbeat_timeout,
            config.close_timeout,
            config.polling_duration,
        ];
        timers.map(|timer| timer.as_secs())
    };
    assert_eq!(seconds(Profile::V0_8_7), [20, 15, 25, 20]);
    assert_eq!(seconds(Profile::V0_9), [25, 60, 60, 20]);
}

#[test]
fn the_default_profile_is_that_of_the_older_release() {
    assert_eq!(ServerConfig::default(), ServerConfig::for_profile(Profile::V0_8_7));
    assert_eq!(ClientConfig::default(), ClientConfig::for_profile(Profile::V0_8_7));
}

#[test]
fn a_client_of_0_9_expects_its_servers_heartbeats() {
    assert_eq!(ClientConfig::for_profile(Profile::V0_9).server_interval, Duration::from_secs(25));
}

#[test]
fn a_profile_is_named_by_its_release() {
    for profile in Profile::ALL {
        assert_eq!(profile.to_string().parse(), Ok(profile));
    }
    assert!("0.9.17".parse::<Profile>().is_err(), "a release is not a profile");
}
