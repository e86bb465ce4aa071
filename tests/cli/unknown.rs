//! Keys of `spec.addOns` that the catalogue does not know: shown, explained and switched off.

use crate::support::manifests::{aws, hetzner};
use crate::support::{Env, Sandbox, snapshot};
use serde_json::json;

const ON: &str = "awsWorkloadIdentity: {}";
const ROCKET: &str = "rocket: {thrust: 2}";

#[test]
fn a_key_that_is_there_is_shown_and_explained() {
    let env = Env::new();
    env.write("c.yaml", aws("prod", &[ROCKET, ON]));
    snapshot!(env, env.line("addon show rocket -f c.yaml").run(), @r"
    exit 0
    --- stdout
    Add-on    rocket
    Cluster   prod (c.yaml)
    State     on (not known to mk8s, left untouched)
    Settings  thrust: 2
    ");
    snapshot!(env, env.line("addon explain rocket -f c.yaml").run(), @r"
    exit 0
    --- stdout
    rocket (spec.addOns.rocket)
    Not known to mk8s [VERSION]: every edit keeps it, and `mk8s addon disable` switches it off

    Add-on    rocket
    Cluster   prod (c.yaml)
    State     on (not known to mk8s, left untouched)
    Settings  thrust: 2
    ");
    let json = env
        .line("addon show rocket -f c.yaml -o json")
        .run()
        .ok()
        .json();
    assert_eq!(
        (
            &json["addon"],
            &json["key"],
            &json["known"],
            &json["enabled"],
            &json["settings"]
        ),
        (
            &json!("rocket"),
            &json!("rocket"),
            &json!(false),
            &json!(true),
            &json!({"thrust": 2})
        )
    );
    assert_eq!(json["documented"], json!(null));
    // In one of several is enough.
    env.write("d.yaml", aws("other", &[]));
    let both = "addon show rocket -f c.yaml -f d.yaml";
    let list = env.line(&format!("{both} -o json")).run().ok().json();
    assert_eq!(list["items"][1]["enabled"], false, "{list:#}");
    let _ = env.line(&format!("{both} --exit-code")).run().exits(10);
}

#[test]
fn a_key_that_holds_no_mapping_is_on_everywhere_alike_and_not_guessed_away() {
    let env = Env::new();
    let odd = aws("prod", &["rocket: true", ON]);
    env.write("c.yaml", &odd);
    env.write("d.yaml", aws("other", &[]));
    let one = env.line("addon list -f c.yaml").run().ok();
    let _ = one.out("rocket                   on     true (not known to mk8s, left untouched)");
    let two = env.line("addon list -f c.yaml -f d.yaml").run().ok();
    let _ = two.out("rocket                   on    off");
    let run = env.line("addon disable rocket -f c.yaml").run().exits(6);
    let _ = run.err("spec.addOns.rocket is `true`, not a mapping");
    assert_eq!(env.text("c.yaml"), odd);
}

#[test]
fn a_key_that_is_in_no_target_is_the_error_it_was() {
    let env = Env::new();
    env.write("c.yaml", aws("prod", &[ROCKET, ON]));
    for line in [
        "addon disable rockets -f c.yaml",
        "addon show rockets -f c.yaml",
        "addon explain rockets -f c.yaml",
        "addon disable rocket",
        "addon show rocket",
        "addon explain rocket",
        "addon enable rocket -f c.yaml",
        "addon disable aws-erc -f c.yaml",
    ] {
        let _ = env
            .line(line)
            .run()
            .exits(2)
            .silent()
            .err("no add-on is called");
    }
    snapshot!(env, env.line("addon disable Rocket -f c.yaml").run(), @r"
    exit 2
    --- stderr
    error: no add-on is called `Rocket`
    hint: did you mean `rocket`? Case counts in a key that mk8s does not know
    ");
    assert_eq!(env.text("c.yaml"), aws("prod", &[ROCKET, ON]));
}

#[test]
fn a_key_is_switched_off_in_files() {
    let env = Env::new();
    let whole = aws("prod", &[ROCKET, ON]);
    env.write("c.yaml", &whole);
    snapshot!(env, env.line("addon disable rocket -f c.yaml --dry-run").run(), @r#"
    exit 0
    --- stdout
    --- c.yaml
    +++ c.yaml
    @@ -5,5 +5,4 @@
       provider:
         aws: {region: eu-central-1, deployRoleArn: "arn:aws:iam::111122223333:role/cpln", vpcId: vpc-1, image: {recommended: amazon/al2023}}
       addOns:
    -    rocket: {thrust: 2}
         awsWorkloadIdentity: {}
    --- stderr
    Would disable rocket in c.yaml
    "#);
    assert_eq!(env.text("c.yaml"), whole);
    env.write("d.yaml", aws("other", &[ON]));
    let run = env.line("addon disable rocket -f c.yaml -f d.yaml").run();
    snapshot!(env, run, @r"
    exit 0
    --- stdout
    Disabled rocket in c.yaml; the live cluster is not changed
    rocket is already disabled in d.yaml
    --- stderr
    Next: mk8s diff -f c.yaml -f d.yaml
    1 changed, 1 unchanged
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(env.text("c.yaml"), aws("prod", &[ON]));
    assert_eq!(env.text("d.yaml"), aws("other", &[ON]));
    env.write("c.yaml", &whole);
    let run = env
        .line("addon disable rocket -f c.yaml -o json")
        .run()
        .ok();
    let item = &run.json()["items"][0];
    assert_eq!(
        (
            &item["addon"],
            &item["key"],
            &item["action"],
            &item["before"],
            &item["after"]
        ),
        (
            &json!("rocket"),
            &json!("rocket"),
            &json!("disabled"),
            &json!({"thrust": 2}),
            &json!(null)
        )
    );
    let run = env
        .line("addon disable rocket -f -")
        .stdin(whole)
        .run()
        .ok();
    assert_eq!(run.stdout, aws("prod", &[ON]));
}

#[test]
fn a_key_is_switched_off_on_live_clusters() {
    let mut env = Env::new();
    let live = [aws("prod", &[ROCKET, ON]), hetzner("edge", &[ON])];
    let sandbox = Sandbox::holding(&mut env, &live, &[]);
    // A live cluster is asked about, as always.
    let _ = env
        .line("addon disable rocket -c prod")
        .run()
        .exits(2)
        .err("--yes");
    let run = env
        .line("addon disable rocket -c prod --dry-run")
        .run()
        .ok();
    let _ = run.out("-   rocket:").err("Would disable rocket on prod");
    let _ = env
        .line("addon disable rocket -c edge --yes")
        .run()
        .exits(2);
    let run = env
        .line("addon disable rocket -c gone --yes")
        .run()
        .exits(3);
    let _ = run.err("No add-on is called `rocket`");
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["rocket"],
        json!({"thrust": 2})
    );
    let run = env
        .line("addon disable rocket -c prod -c edge --yes --wait")
        .run()
        .ok();
    let _ = run
        .out("Disabled rocket on prod")
        .out("rocket is already disabled on edge");
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"],
        json!({"awsWorkloadIdentity": {}})
    );
    // And now it is nowhere.
    let _ = env
        .line("addon disable rocket -c prod --yes")
        .run()
        .exits(2);
}

#[test]
fn a_key_is_switched_off_in_a_file_and_live_whichever_has_it() {
    let with = aws("prod", &[ROCKET, ON]);
    let without = aws("prod", &[ON]);
    for (file, live) in [(&with, &with), (&with, &without), (&without, &with)] {
        let mut env = Env::new();
        let sandbox = Sandbox::holding(&mut env, std::slice::from_ref(live), &[]);
        env.write("c.yaml", file);
        let line = "addon disable rocket -f c.yaml --apply";
        let dry = env.line(&format!("{line} --dry-run")).run().ok();
        let _ = dry.err("rocket");
        let _ = env.line(&format!("{line} --yes")).run().ok();
        assert_eq!(env.text("c.yaml"), without);
        let on = &sandbox.cluster("prod")["spec"]["addOns"];
        assert_eq!(on, &json!({"awsWorkloadIdentity": {}}));
        let _ = env.line(&format!("{line} --yes")).run().exits(2);
    }
}

#[test]
fn a_spelling_of_a_known_add_on_is_taken_as_the_key_only_where_nothing_else_can_be_meant() {
    let env = Env::new();
    let stray = aws("prod", &[ON, "awsEcr: {}"]);
    env.write("c.yaml", &stray);
    // The catalogue's own key never is the other one.
    let _ = env.line("addon disable awsECR -f c.yaml").run().ok();
    let _ = env.line("addon disable aws-ecr -f c.yaml").run().ok();
    assert_eq!(env.text("c.yaml"), stray);
    snapshot!(env, env.line("addon disable awsEcr -f c.yaml").run(), @r"
    exit 0
    --- stdout
    Disabled awsEcr in c.yaml; the live cluster is not changed
    --- stderr
    warning: in c.yaml: `awsEcr` is taken as the key that stands there, which is not known to mk8s; aws-ecr is `awsECR`, and that is off
    Next: mk8s diff -f c.yaml
    Undo: mk8s undo [RUN]
    ");
    assert_eq!(env.text("c.yaml"), aws("prod", &[ON]));
    let both = aws("prod", &[ON, "awsECR: {}", "awsEcr: {}"]);
    env.write("c.yaml", &both);
    snapshot!(env, env.line("addon disable awsEcr -f c.yaml").run(), @r"
    exit 6
    --- stderr
    error: `awsEcr` was not disabled
      because: it is a key of its own, not known to mk8s, in `prod`, and aws-ecr (`awsECR`) is on in `prod`
    hint: for aws-ecr: name it `awsECR`
    hint: for the other: delete `awsEcr` below spec.addOns by hand
    ");
    assert_eq!(env.text("c.yaml"), both);
    // The name of an add-on in the place of its key.
    env.write("c.yaml", aws("prod", &[ON, "aws-ecr: {}"]));
    let _ = env
        .line("addon disable aws-ecr -f c.yaml")
        .run()
        .ok()
        .err("awsECR");
    assert_eq!(env.text("c.yaml"), aws("prod", &[ON]));
    // Any case goes on meaning the add-on where the word is no key.
    env.write("c.yaml", aws("prod", &[ON, "awsECR: {}"]));
    let _ = env.line("addon disable awsEcr -f c.yaml").run().ok();
    assert_eq!(env.text("c.yaml"), aws("prod", &[ON]));
}

#[test]
fn a_misspelt_key_in_the_file_does_not_switch_off_the_live_add_on() {
    let mut env = Env::new();
    let live = aws("prod", &[ON, "awsECR: {}"]);
    let sandbox = Sandbox::holding(&mut env, &[live], &[]);
    let stray = aws("prod", &[ON, "awsEcr: {}"]);
    env.write("c.yaml", &stray);
    let run = env
        .line("addon disable awsEcr -f c.yaml --apply --yes")
        .run();
    let _ = run.exits(6).err("`awsEcr` was not disabled");
    assert_eq!(env.text("c.yaml"), stray);
    assert_eq!(
        sandbox.cluster("prod")["spec"]["addOns"]["awsECR"],
        json!({})
    );
    // What is printed next is safe to paste there.
    let run = env.line("addon disable awsEcr -f c.yaml").run().ok();
    let _ = run
        .err("Next: mk8s diff -f c.yaml")
        .never("Next: mk8s addon disable");
}

#[test]
fn an_odd_key_is_switched_off_and_printed_escaped() {
    let env = Env::new();
    for key in ["a b", "it's", "\u{1b}[31mred", "two\nlines", "a/b~c", "-x"] {
        let quoted = serde_json::to_string(key).unwrap();
        env.write("c.yaml", aws("prod", &[ON, &format!("{quoted}: {{}}")]));
        let arguments = ["addon", "show", "-f", "c.yaml", "--", key];
        let run = env.mk8s(&arguments).run().ok();
        assert!(!run.stdout.contains('\u{1b}'), "{run}");
        assert_eq!(run.stdout.lines().count(), 4, "{run}");
        let run = env
            .mk8s(&["addon", "disable", "-f", "c.yaml", "--", key])
            .run()
            .ok();
        assert!(!run.stderr.contains('\u{1b}'), "{run}");
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        assert_eq!(env.text("c.yaml"), aws("prod", &[ON]));
    }
}

#[test]
fn check_offers_nothing_for_a_key_that_may_be_newer() {
    let env = Env::new();
    env.write(
        "c.yaml",
        aws("prod", &[ROCKET, "awsEcr: {}", ON, "awsECR: {}"]),
    );
    snapshot!(env, env.line("check -f c.yaml --only manifest-unknown-addon").run(), @r#"
    exit 0
    --- stdout
    manifest
    --------
    ‼ add-on "rocket" is not known to mk8s [VERSION]
        line 8; it is left untouched
        see docs/checks.md#manifest-unknown-addon

    1 warning, 0 passed
    "#);
}
