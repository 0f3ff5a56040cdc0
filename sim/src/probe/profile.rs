//! Which release a server behaves as: signs on the wire, weighed against each other. Timers are a setting, session ids may be
//! the application's and CORS headers a proxy's, so that no sign decides alone.

mod signs;

use socketio08::Profile;
use socketio08::handshake::Handshake;

use super::Options;
use super::http::{Answer, Site};

/// From here on signs that agree leave no doubt: two strong ones, or more weaker ones.
const CERTAIN: u32 = 6;
/// From here on they are worth saying: one strong sign.
const LIKELY: u32 = 3;
/// What a setting or a proxy can explain; more speaks against a verdict.
const EXPLAINED: u32 = 1;

/// One observation.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Sign {
    /// The release it speaks for, if it does.
    says: Option<Profile>,
    /// 3: nothing but the release explains it; 1: a setting or a proxy can.
    weight: u32,
    /// What was seen.
    what: String,
}

impl Sign {
    fn of(profile: Profile, weight: u32, what: impl Into<String>) -> Self {
        Self { says: Some(profile), weight, what: what.into() }
    }

    fn silent(what: impl Into<String>) -> Self {
        Self { says: None, weight: 0, what: what.into() }
    }
}

/// What to print: the verdict, and the signs it rests on.
pub(super) struct Judgement {
    pub(super) verdict: String,
    pub(super) signs: Vec<String>,
}

/// Makes the requests that tell the releases apart, after a handshake that was answered by `answer`.
pub(super) async fn judge(
    options: &Options,
    site: &Site,
    handshake: &Handshake,
    answer: &Answer,
) -> Judgement {
    let mut signs = vec![signs::timers(handshake), signs::session_id(&handshake.session)];
    signs.extend(signs::of_requests(options, site, handshake, answer).await);
    Judgement { verdict: verdict(&signs), signs: signs.iter().map(line).collect() }
}

fn line(sign: &Sign) -> String {
    let says = sign.says.map_or("-", Profile::name);
    format!("{says:<3}  {}", sign.what)
}

fn verdict(signs: &[Sign]) -> String {
    let speaking = |profile| signs.iter().filter(move |sign| sign.says == Some(profile));
    let weight = |profile| speaking(profile).map(|sign| sign.weight).sum::<u32>();
    let [older, newer] = Profile::ALL.map(weight);
    let (profile, support, against) =
        if newer > older { (Profile::V0_9, newer, older) } else { (Profile::V0_8_7, older, newer) };
    let count = |profile| match speaking(profile).count() {
        1 => "1 sign".to_owned(),
        count => format!("{count} signs"),
    };
    if against > EXPLAINED {
        return format!(
            "cannot tell: {} of 0.8 and {} of 0.9 contradict each other (servers of both behind one address?)",
            count(Profile::V0_8_7),
            count(Profile::V0_9)
        );
    }
    let confidence = match support {
        CERTAIN.. => "certain",
        LIKELY.. => "likely",
        _ => return "cannot tell: too few signs".to_owned(),
    };
    let explained = match against {
        0 => "none against it",
        _ => "one against it that a setting or a proxy explains",
    };
    format!("{profile}, {confidence}: {}, {explained}", count(profile))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strong(profile: Profile) -> Sign {
        Sign::of(profile, 3, "strong")
    }

    fn weak(profile: Profile) -> Sign {
        Sign::of(profile, 1, "weak")
    }

    #[test]
    fn signs_that_agree_are_certain() {
        let signs = [strong(Profile::V0_9), strong(Profile::V0_9), Sign::silent("nothing")];
        assert_eq!(verdict(&signs), "0.9, certain: 2 signs, none against it");
    }

    #[test]
    fn one_strong_sign_is_likely() {
        assert_eq!(verdict(&[strong(Profile::V0_8_7)]), "0.8, likely: 1 sign, none against it");
    }

    #[test]
    fn a_sign_that_a_setting_explains_changes_no_verdict() {
        let signs = [strong(Profile::V0_8_7), strong(Profile::V0_8_7), weak(Profile::V0_9)];
        let expected = "0.8, certain: 2 signs, one against it that a setting or a proxy explains";
        assert_eq!(verdict(&signs), expected);
    }

    #[test]
    fn strong_signs_of_both_contradict_each_other() {
        let signs = [strong(Profile::V0_8_7), strong(Profile::V0_8_7), strong(Profile::V0_9)];
        assert!(verdict(&signs).starts_with("cannot tell: 2 signs of 0.8 and 1 sign of 0.9 contradict"));
    }

    #[test]
    fn a_weak_sign_or_none_is_too_little() {
        assert_eq!(verdict(&[weak(Profile::V0_9)]), "cannot tell: too few signs");
        assert_eq!(verdict(&[]), "cannot tell: too few signs");
    }
}
