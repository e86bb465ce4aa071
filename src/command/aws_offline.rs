//! `mk8s aws workload`: printed from the command line alone.

use super::{Context, aws};
use crate::aws::image::PrivateImage;
use crate::aws::workload::{Workload, image_warnings, private_image};
use crate::cli::WorkloadArgs;
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::ui::{self, Report};

/// `mk8s aws workload`
pub(super) fn workload(cx: &Context, args: &WorkloadArgs) -> Result<Outcome> {
    let image = match &args.image {
        Some(text) => private_image(text)?,
        None => from_parts(args)?,
    };
    for warning in image_warnings(&image) {
        cx.ui.warn(&warning);
    }
    let workload = Workload::new(image, args.name.as_deref(), args.namespace.as_deref())?;
    let yaml = workload.yaml();
    let json = serde_yaml::from_str(&yaml)
        .map_err(|error| Error::failure(format!("the Deployment cannot be read back: {error}")))?;
    cx.ui.report(&Report {
        text: ui::lines(&yaml),
        names: vec![workload.name.clone()],
        json,
        slim: None,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

/// The image of `--account`, `--region` and `--repository`, which may carry a tag.
fn from_parts(args: &WorkloadArgs) -> Result<PrivateImage> {
    let (Some(account), Some(region), Some(repository)) = (
        aws::account(args.account.as_ref())?,
        args.region.as_deref(),
        args.repository.as_deref(),
    ) else {
        return Err(Error::usage("no image was named")
            .hint("--image IMAGE, or --account ID --region REGION --repository NAME"));
    };
    let (name, rest) = match repository.find([':', '@']) {
        Some(at) => repository.split_at(at),
        None => (repository, ""),
    };
    let image = PrivateImage::new(&account, region, name).map_err(|reason| {
        Error::usage(format!(
            "`{repository}` in {region} cannot be an image of ECR"
        ))
        .because(reason)
    })?;
    private_image(&format!("{}/{name}{rest}", image.host))
}
