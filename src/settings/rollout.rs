//! Who has a feature: all, some by name, or a share of the users that stays the same from one request to the next.

use aws_lc_rs::digest::{SHA256, digest};
use tenant_schema::settings::FeatureFlag;
use uuid::Uuid;

/// Whether a user, who has these roles, has the feature.
pub fn is_on(flag: &FeatureFlag, user: Uuid, roles: &[String]) -> bool {
    let is_named = || flag.user_ids.contains(&user);
    let has_role = || flag.roles.iter().any(|role| roles.contains(role));
    let is_in_share = || share(&flag.flag, user) < flag.rollout_percentage;
    flag.enabled && (is_named() || has_role() || is_in_share())
}

/// Where a user stands in the rollout of a feature, from 0 to 99: the feature is theirs once more percent than this have it. A
/// greater share takes it from nobody, and in another feature the user stands elsewhere.
pub fn share(flag: &str, user: Uuid) -> i32 {
    let hashed = digest(&SHA256, &[flag.as_bytes(), b"\0", user.as_bytes()].concat());
    let first = hashed.as_ref().first_chunk();
    let number = first.map_or(0, |bytes| u64::from_be_bytes(*bytes)) % 100;
    // Below 100.
    i32::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;

    fn flag(rollout_percentage: i32) -> FeatureFlag {
        FeatureFlag {
            id: Uuid::now_v7(),
            flag: "beta".to_owned(),
            enabled: true,
            rollout_percentage,
            user_ids: Vec::new(),
            roles: Vec::new(),
            description: None,
            updated_at: Utc::now(),
        }
    }

    fn users() -> impl Iterator<Item = Uuid> {
        (0..10_000_u128).map(|number| Uuid::from_u128(number << 64 | number))
    }

    #[test]
    fn a_share_of_the_users_has_the_feature_and_keeps_it_as_the_share_grows() {
        let mut before: Vec<Uuid> = Vec::new();
        for (percent, around) in [
            (0, 0),
            (1, 100),
            (25, 2_500),
            (50, 5_000),
            (99, 9_900),
            (100, 10_000),
        ] {
            let has: Vec<Uuid> = users()
                .filter(|user| is_on(&flag(percent), *user, &[]))
                .collect();
            assert!(
                has.len().abs_diff(around) < 200,
                "{percent} %: {}",
                has.len()
            );
            assert!(before.iter().all(|user| has.contains(user)), "{percent} %");
            before = has;
        }
        assert_eq!(before.len(), 10_000);
    }

    #[test]
    fn users_stand_elsewhere_in_another_feature_and_always_the_same_in_one() {
        let same = users().filter(|user| share("beta", *user) == share("gamma", *user));
        assert!(same.count() < 300);
        // Written down, so that no new version moves anybody.
        let alice = Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0001);
        assert_eq!(share("beta", alice), 93);
    }

    #[test]
    fn who_is_named_has_it_whatever_the_share_is_and_nobody_while_it_is_off() {
        let (alice, bob) = (Uuid::now_v7(), Uuid::now_v7());
        let named = FeatureFlag {
            user_ids: vec![alice],
            roles: vec!["tester".to_owned()],
            ..flag(0)
        };
        assert!(is_on(&named, alice, &[]));
        assert!(!is_on(&named, bob, &["viewer".to_owned()]));
        assert!(is_on(&named, bob, &["tester".to_owned()]));
        let off = FeatureFlag {
            enabled: false,
            rollout_percentage: 100,
            ..named
        };
        assert!(!is_on(&off, alice, &["tester".to_owned()]));
    }
}
