use super::*;
use crate::addon::{CATALOG, by_key};
use crate::cluster::Cluster;
use crate::invocation::CommandFlags;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const ROLE: &str = "arn:aws:iam::999999999999:role/mk8s-ecr-driver";

fn cluster(name: &str, provider: &str, add_ons: &Value) -> Cluster {
    Cluster::new(json!({
        "kind": "mk8s", "name": name, "spec": {"provider": {provider: {}}, "addOns": add_ons}
    }))
}

fn picker(clusters: Vec<Cluster>, flags: Option<CommandFlags>, is_live: bool) -> Picker {
    Picker::new(PickTargets {
        ids: clusters.iter().map(|it| it.name().to_owned()).collect(),
        clusters,
        is_live,
        are_open: flags.is_none(),
        flags: flags.unwrap_or_default(),
        place: "org acme".to_owned(),
    })
}

fn on_edge(add_ons: &Value) -> Picker {
    let flags = CommandFlags::new().cluster("edge");
    picker(vec![cluster("edge", "hetzner", add_ons)], Some(flags), true)
}

/// Puts the mark on an add-on.
fn mark(picker: &mut Picker, name: &str) {
    let shown = picker.add_ons_shown();
    let is_it = |at: &usize| picker.table.rows[*at].addon.name() == name;
    picker.addon_list.at = shown.iter().position(is_it).unwrap();
}

fn switch(picker: &mut Picker, name: &str) -> String {
    mark(picker, name);
    assert_eq!(picker.press(&PickKey::Char(' ')), PickStep::Stay);
    picker.message.clone()
}

fn type_in(picker: &mut Picker, text: &str) {
    for c in text.chars() {
        picker.press(&PickKey::Char(c));
    }
}

fn state(picker: &Picker, name: &str) -> String {
    let mut rows = picker.table.rows.iter();
    rows.find(|row| row.addon.name() == name).unwrap().state()
}

fn commands(picker: &Picker) -> Vec<String> {
    picker
        .commands()
        .iter()
        .map(crate::invocation::Invocation::bare)
        .collect()
}

fn text(picker: &mut Picker, width: usize, height: usize) -> String {
    let lines = picker.view(width, height);
    let lines: Vec<String> = lines.iter().map(ViewLine::text).collect();
    lines.join("\n")
}

#[test]
fn keys_are_read_whatever_pieces_they_come_in() {
    use PickKey::*;
    for (bytes, keys) in [
        (&b"\x1b[A\x1b[B\x1bOA\x1bOB"[..], vec![Up, Down, Up, Down]),
        (
            b"\x1b[5~\x1b[6~\x1b[H\x1b[4~",
            vec![PageUp, PageDown, Home, End],
        ),
        (
            b"\r\n\t\x1b[Z\x7f\x08",
            vec![Enter, Enter, Tab, BackTab, Back, Back],
        ),
        (b"\x03\x04\x15\x0c", vec![Interrupt, Closed, Clear, Redraw]),
        ("jä漢".as_bytes(), vec![Char('j'), Char('ä'), Char('漢')]),
        (b"\x1bj", vec![Escape, Char('j')]),
        (b"\x1b\x1b[A", vec![Escape, Up]),
        (b"\x1b[1;5C\x01x", vec![Other, Other, Char('x')]),
        (b"\xff", vec![Other]),
        (
            b"\x1b[200~arn:\naws\x1b[A\x1b[201~y",
            vec![Pasted("arn:aws[A".to_owned()), Char('y')],
        ),
    ] {
        assert_eq!(KeyReader::default().feed(bytes), keys, "{bytes:?}");
        let mut reader = KeyReader::default();
        let one_by_one: Vec<PickKey> = bytes.iter().flat_map(|it| reader.feed(&[*it])).collect();
        assert_eq!(one_by_one, keys, "{bytes:?}");
        assert!(!reader.is_open(), "{bytes:?}");
    }
    let mut reader = KeyReader::default();
    assert!(reader.feed(b"\x1b").is_empty() && reader.is_open());
    assert_eq!(reader.close(), [Escape]);
    assert!(!reader.is_open());
}

#[test]
fn every_add_on_is_there_and_so_is_a_key_that_mk8s_does_not_know() {
    let mut picker = on_edge(&json!({"rocket": {"thrust": 2}, "off": null}));
    let seen = text(&mut picker, 200, 60);
    for addon in CATALOG {
        assert!(seen.contains(addon.name), "{}\n{seen}", addon.name);
    }
    assert_eq!(picker.table.rows.len(), CATALOG.len() + 1);
    assert_eq!(state(&picker, "rocket"), "on");
    switch(&mut picker, "rocket");
    assert_eq!(commands(&picker), ["mk8s addon disable rocket -c edge"]);
    switch(&mut picker, "rocket");
    assert_eq!(state(&picker, "rocket"), "on");
}

#[test]
fn what_is_needed_is_taken_along_and_what_needs_it_is_asked_for() {
    let mut picker = on_edge(&json!({}));
    let said = switch(&mut picker, "aws-ecr");
    assert_eq!(said, "aws-workload-identity goes on too: aws-ecr needs it");
    assert_eq!(state(&picker, "aws-workload-identity"), "goes on");
    // Both go back together, since nobody asked for the second.
    let said = switch(&mut picker, "aws-ecr");
    assert_eq!(said, "aws-workload-identity is left as it was");
    assert!(!picker.table.is_changed());

    switch(&mut picker, "aws-ecr");
    let said = switch(&mut picker, "aws-workload-identity");
    assert!(
        said.starts_with("aws-ecr needs aws-workload-identity"),
        "{said}"
    );
    assert_eq!(state(&picker, "aws-workload-identity"), "goes on");
    let said = switch(&mut picker, "aws-workload-identity");
    assert_eq!(said, "aws-ecr off too");
    assert!(!picker.table.is_changed());

    let on = json!({"awsWorkloadIdentity": {}, "awsECR": {"roleArn": ROLE}, "awsEFS": {"roleArn": ROLE}});
    let mut picker = on_edge(&on);
    let said = switch(&mut picker, "aws-workload-identity");
    assert!(said.starts_with("aws-ecr and aws-efs need"), "{said}");
    // Any other key in between, and it is asked anew.
    switch(&mut picker, "headlamp");
    switch(&mut picker, "headlamp");
    switch(&mut picker, "aws-workload-identity");
    switch(&mut picker, "aws-workload-identity");
    assert_eq!(
        commands(&picker),
        [
            "mk8s addon disable aws-efs -c edge",
            "mk8s addon disable aws-ecr -c edge",
            "mk8s addon disable aws-workload-identity -c edge",
        ]
    );
    // One that needs it back takes it back.
    let said = switch(&mut picker, "aws-ecr");
    assert_eq!(said, "aws-workload-identity stays on: aws-ecr needs it");
    assert_eq!(commands(&picker), ["mk8s addon disable aws-efs -c edge"]);
}

#[test]
fn a_role_is_asked_for_and_checked_while_it_is_typed() {
    let mut picker = on_edge(&json!({}));
    switch(&mut picker, "aws-ecr");
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Stay);
    assert_eq!(picker.page(), PickPage::Settings);
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Stay);
    assert_eq!(picker.message, "it is required");
    type_in(&mut picker, "arn:aws:iam::999:role/j k q/");
    let seen = text(&mut picker, 80, 24);
    assert!(seen.contains("not yet right"), "{seen}");
    assert!(seen.contains("3 digits, 12 are needed"), "{seen}");
    picker.press(&PickKey::Clear);
    picker.press(&PickKey::Pasted(format!(" {ROLE} ")));
    assert!(text(&mut picker, 80, 24).contains("  right  "));
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Review);
    assert_eq!(
        commands(&picker),
        [
            "mk8s addon enable aws-workload-identity -c edge".to_owned(),
            format!("mk8s addon enable aws-ecr -c edge --role-arn {ROLE}"),
        ]
    );
    // What was typed is still there after a look at the add-ons.
    picker.go_back();
    picker.press(&PickKey::Escape);
    assert_eq!(picker.page(), PickPage::AddOns);
    picker.press(&PickKey::Enter);
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Review);
    assert_eq!(picker.press(&PickKey::Interrupt), PickStep::Interrupt);
}

#[test]
fn a_cluster_at_home_needs_no_role_and_one_that_has_it_keeps_it() {
    let flags = CommandFlags::new().cluster("prod");
    let prod = cluster("prod", "aws", &json!({"awsWorkloadIdentity": {}}));
    let mut picker = picker(vec![prod], Some(flags), true);
    switch(&mut picker, "aws-ecr");
    picker.press(&PickKey::Enter);
    assert!(text(&mut picker, 80, 24).contains("optional"));
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Review);
    assert_eq!(commands(&picker), ["mk8s addon enable aws-ecr -c prod"]);

    let mut picker = on_edge(&json!({"awsECR": {"roleArn": ROLE}}));
    mark(&mut picker, "aws-ecr");
    picker.press(&PickKey::Char('s'));
    picker.press(&PickKey::Enter);
    assert!(text(&mut picker, 120, 24).contains(&format!("now {ROLE}")));
    picker.press(&PickKey::Enter);
    assert!(
        picker.message.contains("nothing is to be changed"),
        "{}",
        picker.message
    );
    type_in(&mut picker, "arn:aws:iam::999999999999:role/other");
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Review);
    assert_eq!(
        commands(&picker),
        ["mk8s addon enable aws-ecr -c edge --role-arn arn:aws:iam::999999999999:role/other"]
    );
}

#[test]
fn several_clusters_are_ticked_filtered_and_named() {
    let clusters: Vec<Cluster> = ["east", "edge", "west"]
        .map(|name| cluster(name, "hetzner", &json!({"headlamp": {}})))
        .into();
    let mut clusters = clusters;
    clusters.push(cluster("bare", "azure", &json!({})));
    let mut picker = picker(clusters, None, true);
    assert_eq!(picker.page(), PickPage::Clusters);
    type_in(&mut picker, "/e");
    picker.press(&PickKey::Back);
    type_in(&mut picker, "st");
    assert_eq!(picker.clusters_shown(), [0, 2]);
    picker.press(&PickKey::Enter);
    type_in(&mut picker, " j ");
    picker.press(&PickKey::Escape);
    type_in(&mut picker, "jjj ");
    picker.press(&PickKey::Enter);
    assert_eq!(state(&picker, "headlamp"), "on 2 of 3");
    switch(&mut picker, "headlamp");
    assert_eq!(
        commands(&picker),
        ["mk8s addon enable headlamp -c east -c west -c bare"]
    );
    switch(&mut picker, "headlamp");
    assert_eq!(
        commands(&picker),
        ["mk8s addon disable headlamp -c east -c west -c bare"]
    );
    switch(&mut picker, "headlamp");
    assert_eq!(commands(&picker), [""; 0]);
    // What is wanted stays where the same are picked again, and goes with them.
    switch(&mut picker, "headlamp");
    picker.press(&PickKey::Escape);
    picker.press(&PickKey::Enter);
    assert_eq!(state(&picker, "headlamp"), "goes on");
    picker.press(&PickKey::Escape);
    type_in(&mut picker, " ");
    picker.press(&PickKey::Enter);
    assert_eq!(state(&picker, "headlamp"), "on");
    picker.press(&PickKey::Escape);
    assert_eq!(picker.press(&PickKey::Escape), PickStep::Leave);
}

#[test]
fn of_the_documents_of_files_all_are_ticked_and_some_are_named() {
    let documents = ["east", "edge", "west"].map(|name| cluster(name, "hetzner", &json!({})));
    let mut picker = Picker::new(PickTargets {
        ids: ["a#1", "a#2", "b#1"].map(str::to_owned).into(),
        clusters: documents.into(),
        is_live: false,
        flags: CommandFlags::new().file("clusters"),
        are_open: true,
        place: "clusters".to_owned(),
    });
    assert!(text(&mut picker, 80, 24).starts_with("Documents in clusters\n3 documents, 3 ticked"));
    picker.press(&PickKey::Enter);
    switch(&mut picker, "headlamp");
    assert_eq!(
        commands(&picker),
        ["mk8s addon enable headlamp -f clusters"]
    );
    picker.press(&PickKey::Escape);
    type_in(&mut picker, "j ");
    picker.press(&PickKey::Enter);
    switch(&mut picker, "headlamp");
    assert_eq!(
        commands(&picker),
        ["mk8s addon enable headlamp -f clusters -c east -c west"]
    );
}

#[test]
fn what_a_cluster_hangs_on_goes_with_its_name_and_alone() {
    let on = json!({"byok": {"location": "//location/edge"}});
    let mut one = on_edge(&on);
    switch(&mut one, "byok");
    assert_eq!(one.press(&PickKey::Enter), PickStep::Stay);
    type_in(&mut one, "edg");
    assert_eq!(one.press(&PickKey::Enter), PickStep::Stay);
    type_in(&mut one, "e");
    assert_eq!(one.press(&PickKey::Enter), PickStep::Review);
    assert_eq!(
        commands(&one),
        ["mk8s addon disable byok -c edge --confirm edge"]
    );
    let both = vec![cluster("a", "hetzner", &on), cluster("b", "hetzner", &on)];
    let flags = Some(CommandFlags::new().plain("--all"));
    let mut two = picker(both.clone(), flags.clone(), true);
    assert!(switch(&mut two, "byok").contains("one cluster at a time"));
    assert!(!two.table.is_changed());
    // A file has an old version.
    let mut files = picker(both, flags, false);
    switch(&mut files, "byok");
    assert_eq!(files.press(&PickKey::Enter), PickStep::Review);
}

#[test]
fn what_is_not_documented_is_said_and_can_be_switched() {
    let flags = CommandFlags::new().cluster("far");
    let mut picker = picker(
        vec![cluster("far", "linode", &json!({}))],
        Some(flags),
        true,
    );
    mark(&mut picker, "aws-elb");
    let seen = text(&mut picker, 100, 40).replace('\n', " ");
    assert!(
        seen.contains("not documented for linode; documented: aws"),
        "{seen}"
    );
    switch(&mut picker, "aws-elb");
    assert_eq!(state(&picker, "aws-elb"), "goes on");
    picker.press(&PickKey::Enter);
    assert_eq!(picker.press(&PickKey::Enter), PickStep::Review);
}

#[test]
fn pages_fit_and_the_mark_is_seen() {
    for (width, height) in [(200, 50), (80, 24), (60, 15), (40, 8), (20, 4), (1, 1)] {
        let mut picker = on_edge(
            &json!({"aVeryLongKeyThatNobodyKnowsAndThatIsLongerThanTheTerminalIsWide": {}}),
        );
        for _ in 0..25 {
            let lines = picker.view(width, height);
            assert!(lines.len() <= height, "{width}x{height}");
            for line in &lines {
                assert!(
                    line.text().chars().count() <= width,
                    "{width}x{height} {line:?}"
                );
            }
            if height >= 4 {
                let at = lines
                    .iter()
                    .filter(|line| line.text().starts_with('>'))
                    .count();
                assert_eq!(at, 1, "{width}x{height}");
            }
            picker.press(&PickKey::Down);
        }
    }
}

/// A key, the frequent ones more often.
fn any_key() -> impl Strategy<Value = PickKey> {
    prop_oneof![
        4 => Just(PickKey::Down),
        2 => Just(PickKey::Up),
        5 => Just(PickKey::Char(' ')),
        1 => Just(PickKey::Char('s')),
        2 => Just(PickKey::Enter),
        2 => Just(PickKey::Escape),
        1 => Just(PickKey::Char('/')),
        1 => "[a-z/k]".prop_map(|text| PickKey::Char(text.chars().next().unwrap_or('x'))),
        1 => Just(PickKey::Pasted(ROLE.to_owned())),
        1 => Just(PickKey::PageDown),
        1 => Just(PickKey::Home),
        1 => Just(PickKey::Back),
        1 => Just(PickKey::Tab),
        1 => Just(PickKey::Redraw),
        1 => Just(PickKey::Other),
    ]
}

fn some_add_ons() -> impl Strategy<Value = Value> {
    let all = [
        "awsWorkloadIdentity",
        "awsECR",
        "awsEFS",
        "headlamp",
        "azureACR",
        "kubevirt",
        "rocket",
    ];
    proptest::sample::subsequence(all.to_vec(), 0..=all.len()).prop_map(|keys| {
        let settings = json!({"roleArn": ROLE, "clientId": "6f1f2d0e-4c5b-4f0a-9a57-0c0c0a1b2c3d"});
        keys.into_iter()
            .map(|key| (key.to_owned(), settings.clone()))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is typed, the commands are in an order in which no rule stops them: what is needed is on
    /// before what needs it, and off after it. And every page fits.
    #[test]
    fn commands_come_in_an_order_that_rules_allow(
        on in proptest::collection::vec(some_add_ons(), 1..4),
        keys in proptest::collection::vec(any_key(), 0..80),
        (width, height) in (30_usize..120, 4_usize..40),
    ) {
        let clusters: Vec<Cluster> = on
            .iter()
            .enumerate()
            .map(|(at, on)| cluster(&format!("c{at}"), "hetzner", on))
            .collect();
        let flags = CommandFlags::new().plain("--all");
        // A cluster that has what it should not may stay so; the picker makes none.
        let mut sets: Vec<BTreeSet<String>> = clusters
            .iter()
            .map(|it| it.add_ons().into_iter().flatten().map(|(key, _)| key.clone()).collect())
            .collect();
        let mut picker = picker(clusters, Some(flags), true);
        for key in &keys {
            if picker.press(key) == PickStep::Review {
                picker.go_back();
            }
            let lines = picker.view(width, height);
            prop_assert!(lines.len() <= height);
            for line in &lines {
                prop_assert!(line.text().chars().count() <= width);
            }
        }
        for command in picker.commands() {
            let words = command.arguments();
            let row = picker.table.rows.iter().find(|row| row.word == words[2]).unwrap();
            let key = row.addon.key();
            for set in &mut sets {
                if words[1] == "enable" {
                    let was_on = set.contains(key);
                    for need in by_key(key).map_or(&[][..], |addon| addon.needs) {
                        prop_assert!(was_on || set.contains(*need), "{words:?} before {need}");
                    }
                    set.insert(key.to_owned());
                } else if set.remove(key) {
                    let needs = |on: &String| by_key(on).is_some_and(|it| it.needs.contains(&key));
                    prop_assert!(!set.iter().any(needs), "{words:?} while needed: {set:?}");
                }
            }
        }
    }
}
