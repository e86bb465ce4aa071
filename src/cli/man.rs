//! Manual pages: one for the program and one for each command.
//!
//! `clap_mangen` writes them; what it leaves out is added here: examples in a block of their own, what a run
//! ends with, and where more is.

use super::screen::{PAGE, examples};
use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

/// When this version was made. Of the day on which a page is printed it would say nothing.
const DATE: &str = "2026-11-28";

/// The pages, by the names of their files: that of the program first.
pub(crate) fn man_pages() -> Vec<(String, String)> {
    let mut root = super::command();
    root.build();
    let mut pages = Vec::new();
    page(&root, None, &mut pages);
    pages
}

fn page(command: &Command, above: Option<&str>, pages: &mut Vec<(String, String)>) {
    let title = match above {
        Some(above) => format!("{above}-{}", command.get_name()),
        None => command.get_name().to_owned(),
    };
    let mut page = Vec::new();
    // A buffer in memory takes whatever is written.
    let _ = write(command, &title, above, &mut page);
    let page = without_idle_breaks(&String::from_utf8_lossy(&page));
    pages.push((format!("{title}.1"), page));
    for command in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        self::page(command, Some(&title), pages);
    }
}

/// An empty line between two breaks is a gap; readers say so.
fn without_idle_breaks(page: &str) -> String {
    page.replace("\n.br\n\n.br\n", "\n.sp\n")
}

fn write(
    command: &Command,
    title: &str,
    above: Option<&str>,
    out: &mut Vec<u8>,
) -> std::io::Result<()> {
    // What it is for, without the examples, which have a section of their own.
    let long = command.get_long_about().map(ToString::to_string);
    let what = long.unwrap_or_default();
    let what = what.split("Examples:").next().unwrap_or_default().trim();
    let mut shown = command.clone();
    if !what.is_empty() {
        shown = shown.long_about(what.to_owned());
    }
    let shown = shown.disable_version_flag(true);
    let man = Man::new(shown)
        .title(title)
        .section("1")
        .date(DATE)
        .source(concat!("mk8s ", env!("CARGO_PKG_VERSION")))
        .manual("mk8s");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    let mut more = Roff::default();
    let examples = examples(command);
    if !examples.is_empty() {
        more.control("SH", ["EXAMPLES"]);
        more.control("nf", []);
        for example in &examples {
            more.text([roman(example)]);
        }
        more.control("fi", []);
    }
    more.control("SH", ["EXIT STATUS"]);
    more.text([
        roman(
            "0 if it is done or was so already; below 10 for failures, 10 and above for answers: ",
        ),
        bold("mk8s help exit-codes"),
        roman("."),
    ]);
    more.control("SH", ["SEE ALSO"]);
    let above = above.unwrap_or("mk8s");
    more.text([
        bold(format!("{above}(1)")),
        roman(", "),
        bold("mk8s help"),
        roman(", "),
        italic(PAGE),
    ]);
    more.to_writer(out)
}
