//! The picker in plain lines: numbered lists and questions, one after another, for whoever hears the screen
//! or has no other.

use super::super::Context;
use super::keys::in_a_line;
use super::review::{self, PickedReview};
use crate::consent::Person as _;
use crate::error::Result;
use crate::picker::{FieldAim, PickPage, PickStep, Picker};
use crate::text::{count, printable};

/// Has somebody pick, and gives what was agreed to; `None` where it was left.
pub(super) async fn ask(cx: &Context, picker: &mut Picker) -> Result<Option<PickedReview>> {
    loop {
        let goes_on = match picker.page() {
            PickPage::Clusters => clusters(cx, picker).await?,
            PickPage::AddOns => add_ons(cx, picker).await?,
            PickPage::Settings => settings(cx, picker).await?,
        };
        match goes_on {
            None => return Ok(None),
            Some(PickStep::Review) => match review::plan(cx, picker) {
                Err(error) => {
                    cx.ui.status(&in_a_line(&error));
                    picker.go_to_add_ons();
                }
                Ok(review) => {
                    cx.ui.listens(true);
                    review.show(&cx.ui);
                    cx.ui.listens(false);
                    let is_yes = cx.ui.inquire(&review.question).await?;
                    return if is_yes {
                        Ok(Some(review))
                    } else {
                        Err(PickedReview::refusal())
                    };
                }
            },
            Some(_) => {}
        }
    }
}

/// Asks which clusters.
async fn clusters(cx: &Context, picker: &mut Picker) -> Result<Option<PickStep>> {
    let ui = &cx.ui;
    ui.status(&picker.title());
    for (at, cluster) in picker.clusters().iter().enumerate() {
        let on = cluster.add_ons().map_or(0, serde_json::Map::len);
        ui.status(&format!(
            "{}. {}, {}, {}",
            at + 1,
            printable(cluster.name()),
            cluster
                .provider()
                .map_or("no provider".to_owned(), printable),
            count(on, "add-on")
        ));
    }
    let all = picker.clusters().len();
    let (noun, is_live) = (picker.noun(), picker.is_live());
    let nothing = if is_live {
        "to leave"
    } else {
        "for all of them"
    };
    let prompt = format!("Numbers of the {noun}s, with blanks between them, or nothing {nothing}:");
    loop {
        let Some(line) = ui.line(&prompt).await? else {
            return Ok(None);
        };
        if line.is_empty() {
            if is_live {
                return Ok(None);
            }
            picker.pick(0..all);
            return Ok(Some(PickStep::Stay));
        }
        let words = line.split([' ', ',']).filter(|word| !word.is_empty());
        match words
            .map(|word| place(word, all))
            .collect::<std::result::Result<Vec<_>, _>>()
        {
            Ok(picked) => {
                picker.pick(picked);
                return Ok(Some(PickStep::Stay));
            }
            Err(reason) => ui.status(&reason),
        }
    }
}

/// Asks which add-ons, until no more is to be switched.
async fn add_ons(cx: &Context, picker: &mut Picker) -> Result<Option<PickStep>> {
    let ui = &cx.ui;
    ui.status(&picker.title());
    let rows = picker.table().rows.clone();
    for (at, row) in rows.iter().enumerate() {
        let note = picker.note(at, row);
        let note = if note.is_empty() {
            note
        } else {
            format!(", {note}")
        };
        ui.status(&format!(
            "{}. {}, {}{note}",
            at + 1,
            row.name(),
            row.state()
        ));
    }
    loop {
        let prompt = "Number of an add-on to switch, s and the number for its settings, or nothing to go on:";
        let Some(line) = ui.line(prompt).await? else {
            return Ok(None);
        };
        if line.is_empty() {
            let asks = picker.table().rows.iter().any(|row| row.asks);
            if !asks && !picker.table().is_changed() {
                return Ok(None);
            }
            return Ok(Some(picker.go_on()));
        }
        let (asks, word) = match line.strip_prefix('s') {
            Some(word) => (true, word.trim()),
            None => (false, line.as_str()),
        };
        let at = match place(word, rows.len()) {
            Ok(at) => at,
            Err(reason) => {
                ui.status(&reason);
                continue;
            }
        };
        let said = if asks {
            picker.table().ask_for(at)
        } else {
            picker.table().switch(at)
        };
        if let Some(row) = picker.table().rows.get(at) {
            ui.status(&format!("{}: {}", row.name(), row.state()));
        }
        if !said.is_empty() {
            ui.status(&said);
        }
    }
}

/// Asks for one setting after another.
async fn settings(cx: &Context, picker: &mut Picker) -> Result<Option<PickStep>> {
    let ui = &cx.ui;
    for field in &mut picker.form().fields {
        let is_name = matches!(field.aim, FieldAim::Confirm(_));
        ui.status(&format!("{}: {}", field.label(), field.wants()));
        if let Some(now) = &field.now {
            ui.status(&format!("Now: {now}"));
        }
        loop {
            let prompt = match (is_name, field.is_required) {
                (true, _) => "Name of the cluster:",
                (false, true) => "Value, required:",
                (false, false) => "Value, or nothing to keep it:",
            };
            let Some(line) = ui.line(prompt).await? else {
                return Ok(None);
            };
            field.text = line;
            match field.fault() {
                None => break,
                Some(fault) => ui.status(&fault),
            }
        }
    }
    if picker.commands().is_empty() {
        ui.status("nothing is to be changed: no setting was given");
        picker.go_to_add_ons();
        return Ok(Some(PickStep::Stay));
    }
    Ok(Some(PickStep::Review))
}

/// The place that a number means.
fn place(word: &str, count: usize) -> std::result::Result<usize, String> {
    let number: Option<usize> = word.parse().ok();
    match number.filter(|number| (1..=count).contains(number)) {
        Some(number) => Ok(number - 1),
        None => Err(format!(
            "`{}` is no number from 1 to {count}",
            printable(word)
        )),
    }
}
