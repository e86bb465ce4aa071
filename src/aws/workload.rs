//! The guide's example workload: a Deployment that pulls one image from ECR. Pure.

use super::image::{Image, PrivateImage, parse};
use super::quotable;
use super::region;
use crate::error::{Error, Result};

/// The Deployment's name where none is given.
pub(crate) const DEFAULT_NAME: &str = "example-ecr";

/// What the Deployment is made of.
#[derive(Debug, Clone)]
pub(crate) struct Workload {
    /// The image.
    pub(crate) image: PrivateImage,
    /// The Deployment's name, [`DEFAULT_NAME`] if not given.
    pub(crate) name: String,
    /// The namespace, if one is given.
    pub(crate) namespace: Option<String>,
}

impl Workload {
    /// Checks the names as Kubernetes does.
    pub(crate) fn new(
        image: PrivateImage,
        name: Option<&str>,
        namespace: Option<&str>,
    ) -> Result<Self> {
        let name = name.unwrap_or(DEFAULT_NAME);
        check_label(name).map_err(|reason| {
            Error::usage(format!(
                "`{}` cannot be a Deployment's name",
                quotable(name)
            ))
            .because(reason)
        })?;
        if let Some(namespace) = namespace {
            check_label(namespace).map_err(|reason| {
                Error::usage(format!("`{}` cannot be a namespace", quotable(namespace)))
                    .because(reason)
            })?;
        }
        Ok(Self {
            image,
            name: name.to_owned(),
            namespace: namespace.map(str::to_owned),
        })
    }

    /// The Deployment as YAML, ready for `kubectl apply -f -`.
    pub(crate) fn yaml(&self) -> String {
        let namespace = self
            .namespace
            .as_ref()
            .map_or_else(String::new, |namespace| {
                format!("  namespace: {}\n", scalar(namespace))
            });
        format!(
            "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
{namespace}spec:
  replicas: 1
  selector:
    matchLabels:
      app: example
  template:
    metadata:
      labels:
        app: example
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: example
          image: {image}
          imagePullPolicy: Always
",
            name = scalar(&self.name),
            image = self.image,
        )
    }
}

/// Reads the image of `--image`, which must be one of a private ECR registry.
pub(crate) fn private_image(text: &str) -> Result<PrivateImage> {
    match parse(text) {
        Ok(Image::Private(image)) => Ok(image),
        Ok(Image::PublicEcr(host)) => Err(Error::refused(format!(
            "`{}` needs no role and no add-on",
            quotable(text)
        ))
        .because(format!(
            "`{}` is the public registry of ECR",
            quotable(&host)
        ))),
        Ok(Image::Other(host)) => Err(Error::usage(format!(
            "`{}` is not an image of a private ECR registry",
            quotable(text)
        ))
        .because(format!(
            "its registry is `{}`; ACCOUNT.dkr.ecr.REGION.amazonaws.com is expected",
            quotable(&host)
        ))),
        Err(reason) => Err(Error::usage(format!(
            "`{}` is not an image of a private ECR registry",
            quotable(text)
        ))
        .because(reason)),
    }
}

/// What may go wrong with the image at the nodes, one phrase each.
pub(crate) fn image_warnings(image: &PrivateImage) -> Vec<String> {
    let mut warnings = Vec::new();
    if image.dual_stack {
        let usual = PrivateImage::new(&image.account, &image.region, &image.repository);
        let instead = usual.map_or_else(
            |_| String::new(),
            |usual| format!("; `{}` always works", usual.host),
        );
        warnings.push(format!(
            "`{}` is a dual-stack host, which not every node knows as ECR{instead}",
            image.host
        ));
    }
    warnings.extend(region::unknown(&image.region));
    warnings
}

/// Names are DNS labels: a digit at the start or a word that YAML reads as a value is quoted.
fn scalar(label: &str) -> String {
    let plain = label
        .bytes()
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic())
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&label);
    if plain {
        label.to_owned()
    } else {
        format!("\"{label}\"")
    }
}

/// RFC 1123: lower-case letters, digits and `-`, at most 63.
fn check_label(text: &str) -> Result<(), String> {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if text.is_empty() || text.len() > 63 {
        return Err(format!(
            "it has {} characters, 1 to 63 are allowed",
            text.len()
        ));
    }
    if !text.bytes().all(inner) || text.starts_with('-') || text.ends_with('-') {
        return Err("lower-case letters, digits and `-` inside are allowed".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use serde_json::json;

    const IMAGE: &str = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/example:v1";

    fn deployment(name: Option<&str>, namespace: Option<&str>) -> serde_json::Value {
        let workload = Workload::new(private_image(IMAGE).unwrap(), name, namespace).unwrap();
        serde_yaml::from_str(&workload.yaml()).unwrap()
    }

    #[test]
    fn the_deployment_is_the_guides() {
        assert_eq!(
            deployment(None, None),
            json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": "example-ecr"},
                "spec": {
                    "replicas": 1,
                    "selector": {"matchLabels": {"app": "example"}},
                    "template": {
                        "metadata": {"labels": {"app": "example"}},
                        "spec": {
                            "terminationGracePeriodSeconds": 0,
                            "containers": [{
                                "name": "example",
                                "image": IMAGE,
                                "imagePullPolicy": "Always"
                            }]
                        }
                    }
                }
            })
        );
    }

    #[test]
    fn names_stay_strings() {
        for name in ["on", "1", "123", "null", "1e3", "a-b"] {
            let deployment = deployment(Some(name), Some(name));
            assert_eq!(
                deployment["metadata"],
                json!({"name": name, "namespace": name})
            );
        }
    }

    #[test]
    fn names_that_kubernetes_would_refuse_are_refused() {
        let image = private_image(IMAGE).unwrap();
        for name in ["", "A", "a_b", "-a", "a-", "a: b", &"x".repeat(64)] {
            assert_eq!(
                Workload::new(image.clone(), Some(name), None)
                    .unwrap_err()
                    .kind,
                Kind::Usage,
                "{name}"
            );
            assert!(
                Workload::new(image.clone(), None, Some(name)).is_err(),
                "{name}"
            );
        }
    }

    #[test]
    fn images_of_other_registries_are_refused_with_the_reason() {
        for (text, kind, because) in [
            (
                "public.ecr.aws/nginx/nginx",
                Kind::Refused,
                "public registry",
            ),
            ("nginx", Kind::Usage, "its registry is `docker.io`"),
            (
                "11112222333.dkr.ecr.us-east-1.amazonaws.com/a",
                Kind::Usage,
                "11 digits",
            ),
        ] {
            let error = private_image(text).unwrap_err();
            assert_eq!(error.kind, kind);
            assert!(error.because[0].contains(because), "{error}");
        }
    }

    #[test]
    fn a_dual_stack_host_is_a_warning() {
        let image = private_image("111122223333.dkr-ecr.eu-central-1.on.aws/example").unwrap();
        assert!(
            image_warnings(&image)[0]
                .contains("`111122223333.dkr.ecr.eu-central-1.amazonaws.com` always")
        );
        assert!(image_warnings(&private_image(IMAGE).unwrap()).is_empty());
    }
}
