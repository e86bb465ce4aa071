//! `mk8s aws permissions` and `mk8s aws workload`: printed from the command line alone.

use super::{Context, aws};
use crate::aws::image::PrivateImage;
use crate::aws::permissions::{Purpose, Scope, USUAL, permissions as policy};
use crate::aws::workload::{Workload, image_warnings, private_image};
use crate::cli::{self, PermissionsArgs, WorkloadArgs};
use crate::error::{Error, Result};
use crate::exit::Outcome;
use crate::ui::Report;

/// `mk8s aws permissions`
pub(super) fn permissions(cx: &Context, args: &PermissionsArgs) -> Result<Outcome> {
    let purposes: Vec<Purpose> = if args.purpose.is_empty() {
        USUAL.to_vec()
    } else {
        args.purpose
            .iter()
            .map(|purpose| match purpose {
                cli::Purpose::Status => Purpose::Status,
                cli::Purpose::Setup => Purpose::Setup,
                cli::Purpose::Teardown => Purpose::Teardown,
                cli::Purpose::Check => Purpose::Check,
                cli::Purpose::RepositoryPolicy => Purpose::RepositoryPolicy,
            })
            .collect()
    };
    let scope = Scope {
        account: aws::account(args.account.as_ref())?.map(|account| account.to_string()),
        partition: args.partition.clone(),
        ..Scope::default()
    };
    let document = policy(&purposes, &scope);
    cx.ui.report(&Report {
        text: format!("{document:#}"),
        names: crate::aws::permissions::actions(&purposes)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        json: document,
        slim: None,
        wide: None,
    })?;
    Ok(Outcome::Ok)
}

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
        text: yaml.trim_end().to_owned(),
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
