//! `mk8s check --image`: architectures of image and nodes, and pull-through caches. The AWS CLI makes
//! images and rules.

use crate::support::manifests::cluster;
use crate::support::{ACCOUNT, Bed, Defect, Run, fixes, ids};
use serde_json::{Value, json};

const ROLE: &str = "mk8s-sandbox-edge-ecr";
const READ_ONLY: &str = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly";
const OTHER: &str = "222222222222";

const fn defect(what: &'static str, ids: &'static [&'static str], mended: bool) -> Defect {
    Defect { what, ids, mended }
}

pub(crate) const DEFECTS: [Defect; 4] = [
    defect(
        "the nodes are arm64, the image is for amd64 only",
        &["image-exists"],
        false,
    ),
    defect(
        "a pull-through cache fills the repository, and the role may only read",
        &["pull-through-cache"],
        true,
    ),
    defect(
        "the same, and the caller may not simulate",
        &["pull-simulated", "pull-through-cache"],
        true,
    ),
    defect(
        "the image is not in the pull-through cache yet",
        &["image-exists"],
        false,
    ),
];

/// A cluster on servers of this type, that is set up, and a repository.
fn bed(server: &str) -> Bed {
    let provider = format!(
        "hetzner: {{region: fsn1, tokenSecretLink: //secret/h, networkId: \"1\", image: ubuntu-22.04, \
         nodePools: [{{name: w, serverType: {server}, minSize: 1, maxSize: 2}}]}}"
    );
    let mut bed = Bed::holding(&[cluster("edge", &provider, &[])], &[]);
    bed.env.with_commands();
    bed.run("aws setup aws-ecr -c edge --yes").ok();
    bed
}

fn repository(bed: &Bed, name: &str) {
    bed.aws(&format!(
        "ecr create-repository --region eu-central-1 --repository-name {name}"
    ));
}

fn put(bed: &Bed, repository: &str, tag: &str, manifest: &Value) {
    bed.aws_with(&[
        "ecr",
        "put-image",
        "--region",
        "eu-central-1",
        "--repository-name",
        repository,
        "--image-tag",
        tag,
        "--image-manifest",
        &manifest.to_string(),
    ]);
}

/// A list of images for these platforms.
fn list(platforms: &[&str]) -> Value {
    let manifests: Vec<Value> = platforms
        .iter()
        .map(|platform| {
            let (system, architecture) = platform.split_once('/').unwrap();
            json!({"digest": format!("sha256:{platform}"),
                "platform": {"os": system, "architecture": architecture}})
        })
        .collect();
    json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": manifests})
}

fn single() -> Value {
    json!({"schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"digest": "sha256:c"}, "layers": []})
}

fn line(name: &str) -> String {
    format!(
        "check -c edge --skip issuer --image {ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/{name} -o json"
    )
}

/// The one item of an id.
fn item(run: &Run, id: &str) -> Value {
    let report = run.json();
    let mut items = report["items"].as_array().unwrap().iter();
    items.find(|item| item["id"] == id).unwrap().clone()
}

#[track_caller]
fn shows(run: &Run, defect: &Defect) {
    let expected = defect.ids.iter().map(|&id| id.to_owned()).collect();
    let found = ids(run, &["fail", "warn", "unknown"]);
    assert_eq!(found, expected, "{}\n{run}", defect.what);
}

#[test]
fn an_image_for_other_nodes_is_a_warning_and_never_a_failure() {
    let arm = bed("cax21");
    repository(&arm, "shop");
    put(
        &arm,
        "shop",
        "amd",
        &list(&["linux/amd64", "unknown/unknown"]),
    );
    put(&arm, "shop", "both", &list(&["linux/amd64", "linux/arm64"]));
    put(&arm, "shop", "one", &single());
    let run = arm.run(&line("shop:amd")).ok();
    shows(&run, &DEFECTS[0]);
    let found = item(&run, "image-exists");
    assert_eq!(
        found["message"],
        "shop:amd exists, but not for all nodes: linux/arm64 is missing"
    );
    assert_eq!(
        found["evidence"],
        "it is for linux/amd64; a node pool has cax21"
    );
    for (tag, message) in [
        ("both", "shop:both exists for linux/amd64, linux/arm64"),
        // One image alone does not tell.
        ("one", "shop:one exists"),
    ] {
        let run = arm.run(&line(&format!("shop:{tag}"))).ok();
        assert_eq!(item(&run, "image-exists")["state"], "pass", "{run}");
        assert_eq!(item(&run, "image-exists")["message"], message);
    }
    // Whoever may not read manifests is told so; the tag is there nevertheless.
    arm.moto
        .faults(&json!([{"action": "BatchGetImage", "code": "AccessDeniedException", "times": 9}]));
    let found = item(&arm.run(&line("shop:amd")).ok(), "image-exists");
    assert_eq!(found["state"], "pass");
    assert_eq!(
        found["evidence"],
        "for which architectures is unknown: ecr:BatchGetImage failed"
    );
    arm.moto.heals();

    // A machine type that does not tell: the list is only evidence.
    let metal = bed("ex44");
    repository(&metal, "shop");
    put(&metal, "shop", "amd", &list(&["linux/amd64"]));
    let found = item(&metal.run(&line("shop:amd")).ok(), "image-exists");
    assert_eq!(found["state"], "pass");
    assert_eq!(found["message"], "shop:amd exists for linux/amd64");
}

#[test]
fn a_role_that_only_reads_cannot_fill_a_pull_through_cache() {
    let bed = bed("cpx41");
    repository(&bed, "hub/library/nginx");
    repository(&bed, "hubble");
    put(&bed, "hub/library/nginx", "1", &single());
    put(&bed, "hubble", "1", &single());
    let through = line("hub/library/nginx:1");
    let found = item(&bed.run(&through).ok(), "pull-through-cache");
    assert_eq!(found["state"], "pass");
    assert_eq!(
        found["message"],
        "no pull-through cache rule is for the repository"
    );

    bed.aws(
        "ecr create-pull-through-cache-rule --region eu-central-1 --ecr-repository-prefix hub \
         --upstream-registry-url registry-1.docker.io",
    );
    let run = bed.run(&through).ok();
    shows(&run, &DEFECTS[1]);
    assert_eq!(
        item(&run, "pull-through-cache")["evidence"],
        "hub/library/nginx is filled from registry-1.docker.io by the rule hub; no policy of the \
         role allows ecr:BatchImportUpstreamImage, so that what is not cached yet is not pulled"
    );
    let other = item(&bed.run(&line("hubble:1")).ok(), "pull-through-cache");
    assert_eq!(other["state"], "pass", "{other}");

    // A caller who may not simulate knows what AWS's own policy lacks.
    bed.moto.faults(
        &json!([{"action": "SimulatePrincipalPolicy", "code": "AccessDenied", "times": 50}]),
    );
    let run = bed.run(&through).ok();
    shows(&run, &DEFECTS[2]);
    assert_eq!(item(&run, "pull-through-cache")["state"], "warn");
    bed.moto.heals();

    // Setting up for such an image says so, and whoever asks for what fills the cache is told nothing.
    let image = format!("--image {ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com/hub/library/nginx:1");
    let setup = format!("aws setup aws-ecr -c edge {image} --dry-run");
    let says = "hub/library/nginx is filled from registry-1.docker.io by a pull-through cache, and \
                AmazonEC2ContainerRegistryReadOnly may not fill it";
    bed.run(&setup)
        .ok()
        .err(says)
        .err("--pull-policy pull-only");
    bed.run(&format!("{setup} --pull-policy pull-only"))
        .ok()
        .never("pull-through");
    bed.run(&setup.replace("hub/library/nginx", "hubble"))
        .ok()
        .never("pull-through");

    // The fix that is shown works for a role that exists, and keeps what is attached.
    for fix in fixes(&run) {
        assert!(
            fix.ends_with("--only policy --pull-policy pull-only"),
            "{fix}"
        );
        bed.env.paste(&fix);
    }
    let strict = through.replace("-o json", "--fail-on warning,unknown -o json");
    let run = bed.run(&strict).ok();
    assert_eq!(
        item(&run, "pull-through-cache")["message"],
        "the role may fill the pull-through cache"
    );
    let attached = bed.moto.role(ROLE)["attached"].take();
    assert_eq!(attached.as_array().unwrap().len(), 2, "{attached}");
    assert!(attached.as_array().unwrap().contains(&json!(READ_ONLY)));

    // What was not pulled yet is no mistake.
    let run = bed.run(&line("hub/library/nginx:2")).ok();
    shows(&run, &DEFECTS[3]);
    assert_eq!(item(&run, "image-exists")["state"], "unknown");
    // A repository that is not there yet has to be made, by somebody with the right to.
    let run = bed.run(&line("hub/library/redis:7")).exits(11);
    let found = item(&run, "repository-exists");
    assert!(
        found["evidence"]
            .as_str()
            .unwrap()
            .contains("to be filled from registry-1.docker.io"),
        "{found}"
    );
}

#[test]
fn a_rule_for_all_names_speaks_of_repositories_that_are_not_there() {
    let bed = bed("cpx41");
    repository(&bed, "shop");
    put(&bed, "shop", "1", &single());
    bed.aws(
        "ecr create-pull-through-cache-rule --region eu-central-1 --ecr-repository-prefix ROOT \
         --upstream-registry-url quay.io",
    );
    let run = bed.run(&line("shop:1").replace("-o json", "--fail-on warning -o json"));
    assert_eq!(item(&run.ok(), "pull-through-cache")["state"], "pass");
    let run = bed.run(&line("team/app:1")).exits(11);
    assert_eq!(item(&run, "pull-through-cache")["state"], "fail");
}

#[test]
fn rules_that_cannot_be_read_are_unknown_and_said() {
    let bed = bed("cpx41");
    repository(&bed, "shop");
    put(&bed, "shop", "1", &single());
    for (code, words) in [
        (
            "AccessDeniedException",
            "ecr:DescribePullThroughCacheRules is not allowed",
        ),
        (
            "UnsupportedOperationException",
            "ecr:DescribePullThroughCacheRules gave no answer",
        ),
    ] {
        bed.moto.faults(
            &json!([{"action": "DescribePullThroughCacheRules", "code": code, "times": 50}]),
        );
        let run = bed.run(&line("shop:1")).ok();
        let found = item(&run, "pull-through-cache");
        assert_eq!(found["state"], "unknown", "{code}\n{run}");
        let message = found["message"].as_str().unwrap();
        assert!(message.ends_with(words), "{message}");
    }
    // An image of another account: the role's policy is looked at all the same.
    let line = line("shop:1").replace(ACCOUNT, OTHER);
    let run = bed.run(&line).exits(11);
    assert_eq!(item(&run, "pull-through-cache")["state"], "unknown");
}

#[test]
fn a_repository_of_another_account_is_not_made_in_the_callers() {
    let bed = bed("cpx41");
    let run = bed.run(&line("shop:1")).exits(11);
    let found = item(&run, "repository-exists");
    let fix = found["fix"].as_str().unwrap();
    assert_eq!(
        fix,
        "aws ecr create-repository --registry-id 123456789012 --repository-name shop \
         --region eu-central-1"
    );
    let run = bed
        .run(&line("shop:1").replace("123456789012", "222222222222"))
        .exits(11);
    let found = item(&run, "repository-exists");
    assert_eq!(found["fix"], Value::Null, "{found}");
    assert_eq!(
        found["evidence"],
        "not in account 222222222222, region eu-central-1; making it takes credentials of account \
         222222222222"
    );
}

/// A region is a word that is easily mistyped: nobody takes one that is not known without a word.
#[test]
fn a_region_that_is_not_known_is_a_warning_everywhere() {
    let bed = bed("cpx41");
    let image = format!("{ACCOUNT}.dkr.ecr.us-esat-1.amazonaws.com/shop:1");
    let warning = "no region called us-esat-1 is known, did you mean us-east-1?";
    let run = bed.run(&format!(
        "check -c edge --skip issuer --image {image} -o json"
    ));
    let form = item(&run, "image-form");
    assert_eq!(form["state"], "warn", "{form}");
    assert_eq!(form["evidence"], warning);
    assert_ne!(run.json()["verdicts"][0]["state"], "works", "{run}");
    for line in [
        format!("aws workload --image {image}"),
        format!("aws workload --account {ACCOUNT} --region us-esat-1 --repository shop"),
        format!("aws setup aws-ecr -c edge --image {image} --dry-run"),
        format!("aws emit aws-ecr -c edge --image {image} --format plan"),
        format!("addon enable aws-ecr -c edge --create-role --image {image} --dry-run"),
    ] {
        let run = bed.run(&line).ok();
        assert!(
            run.stderr.contains(&format!("warning: {warning}\n")),
            "{line}\n{run}"
        );
    }
}

/// A cluster on AWS whose image is in another account needs a role, and nothing says that it does not.
#[test]
fn an_image_of_another_account_takes_a_role_whatever_the_cluster_runs_in() {
    let bed = Bed::home();
    bed.run("aws setup aws-ecr -c home --yes").ok();
    let image = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/shop:1";
    let run = bed.run(&format!(
        "check -c home --skip issuer --image {image} -o json"
    ));
    let run = run.exits(11);
    assert_eq!(item(&run, "role-arn-needed")["state"], "fail");
    for id in ["pull-through-cache", "repository-policy"] {
        let skipped = item(&run, id);
        let message = skipped["message"].as_str().unwrap();
        assert!(!message.contains("same account"), "{skipped}");
    }
    let verdict = &run.json()["verdicts"][0];
    assert_eq!(verdict["state"], "fails", "{verdict}");
    assert_eq!(verdict["step"], "role-arn-needed", "{verdict}");
}
