//! References to images: what is taken is what was written.

use crate::aws::image::{self, Image, PrivateImage, partition_of_region};

/// Bytes as an image reference.
pub fn image(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match image::parse(&text) {
        Ok(Image::Private(private)) => check(&text, &private),
        Ok(Image::PublicEcr(host) | Image::Other(host)) => {
            let named = text.starts_with(&host) || host == "docker.io";
            assert!(named, "{host:?} is not in {text:?}");
            assert!(host.bytes().all(|byte| byte.is_ascii_graphic()));
        }
        Err(reason) => {
            let is_shown = !reason.chars().any(char::is_control);
            assert!(is_shown, "a control character is said: {reason:?}");
            // A part of the reference twice at most, each at most 200 characters.
            assert!(reason.chars().count() <= 600, "it says {reason:?}");
        }
    }
}

fn check(text: &str, private: &PrivateImage) {
    assert_eq!(private.to_string(), text, "it is printed otherwise");
    let account = private.account.as_str();
    assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
    assert!(private.host.starts_with(account));
    assert_eq!(private.partition, partition_of_region(&private.region));
    let arn = private.repository_arn();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let repository = format!("repository/{}", private.repository);
    assert_eq!(
        parts,
        [
            "arn",
            private.partition,
            "ecr",
            &private.region,
            account,
            &repository
        ]
    );
    // Its usual host leads to the same repository.
    let usual = PrivateImage::new(&private.account, &private.region, &private.repository);
    match usual.as_ref().map(|usual| image::parse(&usual.to_string())) {
        Ok(Ok(Image::Private(usual))) => assert_eq!(usual.repository_arn(), arn),
        other => panic!("{other:?} of {text:?}"),
    }
}
