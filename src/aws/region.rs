//! The regions of AWS, so that a typing error is seen before a node fails to pull. Pure.

/// The regions that AWS had in November 2026, of all partitions; later ones are not known.
const REGIONS: [&str; 48] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "sa-west-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
];

/// What to say of a region that is not known: with the nearest one, where it is a typing error away.
pub(crate) fn unknown(region: &str) -> Option<String> {
    if REGIONS.contains(&region) {
        return None;
    }
    let nearest = REGIONS
        .iter()
        .map(|known| (strsim::osa_distance(known, region), known))
        .min()
        .filter(|(distance, _)| *distance <= 2);
    let meant = nearest.map_or_else(String::new, |(_, known)| format!(", did you mean {known}?"));
    Some(format!(
        "no region called {} is known{meant}",
        super::quotable(region)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_is_told_and_a_new_region_is_not_mistaken() {
        for known in REGIONS {
            assert_eq!(unknown(known), None);
            assert!(super::super::image::check_region(known).is_ok(), "{known}");
        }
        assert_eq!(
            unknown("us-esat-1").as_deref(),
            Some("no region called us-esat-1 is known, did you mean us-east-1?")
        );
        assert_eq!(
            unknown("moon-base-1").as_deref(),
            Some("no region called moon-base-1 is known")
        );
    }
}
