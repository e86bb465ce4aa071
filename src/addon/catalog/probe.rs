//! One more add-on, in tests of the library alone: all there is to it stands here, and everything that
//! speaks of add-ons knows it.

use crate::addon::{Addon, Documented, HclForm, Param, ParamKind, Ready};

const SIDES: &[Param] =
    &[Param::new("length", ParamKind::Quantity, "length of the side").required()];

const SHAPE: &[Param] = &[
    Param::new(
        "colour",
        ParamKind::Word(&["red", "blue"]),
        "colour of the shape",
    ),
    Param::new(
        "sides",
        ParamKind::List(&ParamKind::Object(SIDES)),
        "sides of the shape",
    ),
];

pub(super) const ADD_ONS: &[Addon] = &[Addon {
    key: "probeOne",
    name: "probe-one",
    summary: "Show that an add-on is one entry",
    purpose: "Does nothing.",
    documented: Documented::All,
    nodes: None,
    needs: &[],
    params: &[
        Param::new("level", ParamKind::Whole(1, 9), "level of the probe").required(),
        Param::new("shape", ParamKind::Object(SHAPE), "shape of the probe"),
    ],
    status: &[],
    cloud: &[],
    trust_policy: None,
    ready: Ready::Never,
    aws: None,
    danger: None,
    next: None,
    terraform: HclForm::Block,
    docs: "https://docs.controlplane.com/mk8s/overview",
}];

#[cfg(test)]
mod tests {
    use crate::ui::{Io, Terminal};
    use std::ffi::OsString;
    use std::io::{Cursor, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct SharedLog(Arc<Mutex<Vec<u8>>>);

    impl Write for SharedLog {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    const MANIFEST: &str = "kind: mk8s\nname: prod\nspec:\n  version: 1.33.5\n  provider:\n    \
                            generic: {location: aws-us-west-2}\n  addOns:\n    headlamp: {}\n";

    /// One run with a manifest on standard input: its exit code, and all that it says.
    fn run(line: &str) -> (u8, String) {
        let output = SharedLog::default();
        let io = Io {
            stdin: Box::new(Cursor::new(MANIFEST)),
            stdout: Box::new(output.clone()),
            stderr: Box::new(output.clone()),
            terminal: Terminal::default(),
        };
        let environment: Vec<(OsString, OsString)> = Vec::new();
        let words = line.split(' ').map(OsString::from);
        let code = crate::run(words, environment.into_iter().collect(), io);
        let bytes = output.0.lock().unwrap().clone();
        (code, String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn an_add_on_with_nested_settings_is_one_entry_in_one_file() {
        let on = "level: 3";
        for (line, code, words) in [
            ("mk8s addon list", 0, "probe-one"),
            (
                "mk8s addon explain probe-one",
                0,
                "shape.sides[0].length: length of the side (quantity",
            ),
            (
                "mk8s addon enable probe-one --help",
                0,
                "--shape-colour <WORD>",
            ),
            ("mk8s completion bash --static", 0, "--shape-colour"),
            ("mk8s addon enable probe-one -f - --level 3", 0, on),
            ("mk8s addon enable --set level=3 probeOne -f -", 0, on),
            (
                "mk8s addon enable probe-one -f - --level 3 --shape-colour blue",
                0,
                "colour: blue",
            ),
            (
                "mk8s addon enable probe-one -f - --level 3 --set shape.sides[0].length=2Gi",
                0,
                "- length: 2Gi",
            ),
            (
                "mk8s addon enable probe-one -f -",
                6,
                "the platform requires `level`",
            ),
            (
                "mk8s addon enable probe-one -f - --level 10",
                2,
                "it is more than 9",
            ),
            (
                "mk8s addon enable probe-one -f - --set shape.color=red",
                2,
                "did you mean `shape.colour`",
            ),
            (
                "mk8s addon enable probe-one -f - --level 3 --set-json shape.sides=[{}]",
                6,
                "requires `shape.sides[0].length`",
            ),
            (
                "mk8s addon enable probe-won -f -",
                2,
                "did you mean `probe-one`",
            ),
        ] {
            let (found, said) = run(line);
            assert_eq!(found, code, "{line}\n{said}");
            assert!(said.contains(words), "{line}\n{said}");
        }
    }
}
