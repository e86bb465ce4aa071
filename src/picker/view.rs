//! The pages as lines, fitted to the width and the height there is.

use super::list::{PickList, window};
use super::table::PickRow;
use super::{PickField, PickPage, Picker};
use crate::cluster::Cluster;
use crate::text::{count, first_few, printable};

/// What a piece of a line is; nothing is said by it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shade {
    Plain,
    /// What has the mark, and headings.
    Marked,
    /// On, and right.
    Good,
    /// Off soon, and wrong.
    Bad,
    /// In between.
    Odd,
}

/// A line in pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ViewLine {
    pub(crate) pieces: Vec<(Shade, String)>,
}

/// Lines of a list that stay when there is little room.
const LEAST: usize = 3;
/// Lines that tell about what has the mark.
const DETAILS: usize = 3;
/// A name that is longer is cut: names have at most 63 characters.
const LONGEST_NAME: usize = 64;

impl ViewLine {
    fn of(shade: Shade, text: impl Into<String>) -> Self {
        Self::default().and(shade, text)
    }

    fn and(mut self, shade: Shade, text: impl Into<String>) -> Self {
        self.pieces.push((shade, text.into()));
        self
    }

    /// What it says.
    #[cfg(test)]
    pub(crate) fn text(&self) -> String {
        self.pieces.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Its beginning, where it is too long.
    fn cut(mut self, width: usize) -> Self {
        let mut left = width;
        for (_, text) in &mut self.pieces {
            *text = cut(text, left);
            left -= text.chars().count();
        }
        let is_said = |piece: &(Shade, String)| !piece.1.is_empty();
        self.pieces.retain(is_said);
        self
    }
}

/// The beginning of a text that is too long, with dots where it was cut.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let dots = width.min(3);
    let kept = text.chars().take(width - dots);
    kept.chain(std::iter::repeat_n('.', dots)).collect()
}

/// The end of a text that is too long.
fn tail(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let dots = width.min(3);
    let kept = text.chars().skip(length - (width - dots));
    std::iter::repeat_n('.', dots).chain(kept).collect()
}

/// A text in lines that end where words do.
fn wrapped(text: &str, width: usize, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let is_full = lines.len() == most;
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(line) if is_full => {
                line.push_str("...");
                break;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

impl Picker {
    /// What is seen on a terminal of that size: at most so many lines, none of them longer.
    pub(crate) fn view(&mut self, width: usize, height: usize) -> Vec<ViewLine> {
        let details = match self.page {
            PickPage::Clusters => Vec::new(),
            PickPage::AddOns => wrapped(&self.addon_details(), width, DETAILS),
            PickPage::Settings => wrapped(&self.setting_details(), width, DETAILS),
        };
        // Title, filter, message and keys; and a blank line above and below the list.
        let has_room = height >= 4 + LEAST + DETAILS + 2;
        let details: Vec<String> = if has_room { details } else { Vec::new() };
        let around = if has_room { 6 + DETAILS } else { 4 };
        self.fit = height.saturating_sub(around).max(1);
        let mut lines = vec![ViewLine::of(Shade::Marked, self.title())];
        lines.push(self.beside());
        if has_room {
            lines.push(ViewLine::default());
        }
        let rows = match self.page {
            PickPage::Clusters => self.cluster_rows(),
            PickPage::AddOns => self.addon_rows(width),
            PickPage::Settings => self.setting_rows(width),
        };
        lines.extend(rows);
        if has_room {
            lines.push(ViewLine::default());
        }
        lines.extend(details.into_iter().map(|it| ViewLine::of(Shade::Plain, it)));
        lines.push(ViewLine::of(Shade::Odd, self.remark()));
        lines.push(ViewLine::of(Shade::Marked, self.keys(width)));
        lines.truncate(height);
        lines.into_iter().map(|line| line.cut(width)).collect()
    }

    /// What the page is about.
    pub(crate) fn title(&self) -> String {
        let place = printable(&self.targets.place);
        if self.page == PickPage::Clusters {
            return if self.targets.is_live {
                format!("Clusters of {place}")
            } else {
                format!("Documents in {place}")
            };
        }
        let what = match self.page {
            PickPage::Settings => "Settings of add-ons",
            _ => "Add-ons",
        };
        let chosen = self.chosen();
        let names: Vec<String> = chosen.iter().map(|it| printable(it.name())).collect();
        let of = if let ([cluster], [name]) = (chosen.as_slice(), names.as_slice()) {
            match cluster.provider() {
                Some(provider) => format!("{name} ({})", printable(provider)),
                None => name.clone(),
            }
        } else {
            let all = count(names.len(), self.noun());
            format!("{all}: {}", first_few(&names))
        };
        let place = if self.targets.is_live {
            String::new()
        } else {
            format!(" in {place}")
        };
        format!("{what} of {of}{place}")
    }

    /// The filter, or how much there is and changes.
    fn beside(&self) -> ViewLine {
        let (list, shown, all) = match self.page {
            PickPage::Clusters => {
                let all = self.targets.clusters.len();
                (&self.cluster_list, self.clusters_shown().len(), all)
            }
            PickPage::AddOns => {
                let all = self.table.rows.len();
                (&self.addon_list, self.add_ons_shown().len(), all)
            }
            PickPage::Settings => {
                let fields = self.form.fields.iter();
                let open = fields.filter(|field| field.fault().is_some()).count();
                let said = match open {
                    0 => "all that is required is there".to_owned(),
                    open => format!("{open} of {} not yet right", self.form.fields.len()),
                };
                return ViewLine::of(Shade::Plain, said);
            }
        };
        let (noun, done, count_done) = if self.page == PickPage::Clusters {
            (self.noun(), "ticked", self.ticked.len())
        } else {
            let changed = self.table.rows.iter().filter(|row| row.wish.is_some());
            ("add-on", "changed", changed.count())
        };
        let said = if list.is_typing || !list.filter.is_empty() {
            let end = if list.is_typing { "_" } else { "" };
            format!("/{}{end}  {shown} of {all}", printable(&list.filter))
        } else {
            count(all, noun)
        };
        let said = match count_done {
            0 => said,
            some => format!("{said}, {some} {done}"),
        };
        ViewLine::of(Shade::Plain, said)
    }

    fn cluster_rows(&self) -> Vec<ViewLine> {
        let shown = self.clusters_shown();
        let at = self.cluster_list.at;
        let name = |at: &usize| self.targets.clusters.get(*at).map_or("", Cluster::name);
        let names = shown.iter().map(|at| printable(name(at)).chars().count());
        let longest = names.max().unwrap_or(0).min(LONGEST_NAME);
        let rows = window(at, shown.len(), self.fit).filter_map(|row| {
            let place = *shown.get(row)?;
            let cluster = self.targets.clusters.get(place)?;
            let is_marked = row == at;
            let tick = if self.ticked.contains(&place) {
                "[x] "
            } else {
                "[ ] "
            };
            let name = cut(&printable(cluster.name()), longest);
            let on = cluster.add_ons().map_or(0, serde_json::Map::len);
            let provider = cluster.provider().map_or_else(|| "-".to_owned(), printable);
            Some(
                marked(is_marked)
                    .and(shade(is_marked), format!("{tick}{name:longest$}"))
                    .and(
                        Shade::Plain,
                        format!("  {provider:12}  {}", count(on, "add-on")),
                    ),
            )
        });
        rows.collect()
    }

    fn addon_rows(&self, width: usize) -> Vec<ViewLine> {
        let shown = self.add_ons_shown();
        let at = self.addon_list.at;
        let names = self.table.rows.iter().map(|row| row.name().chars().count());
        let longest = names.max().unwrap_or(0).min(LONGEST_NAME);
        let states = self.table.rows.iter().map(|row| row.state().len());
        let widest = states.max().unwrap_or(0).max("goes off".len());
        let rows = window(at, shown.len(), self.fit).filter_map(|row| {
            let place = *shown.get(row)?;
            let is_marked = row == at;
            let row = self.table.rows.get(place)?;
            let (name, state) = (cut(&row.name(), longest), row.state());
            let line = marked(is_marked)
                .and(shade(is_marked), format!("{} {name:longest$}  ", tick(row)))
                .and(state_shade(row), format!("{state:widest$}"));
            let left = width.saturating_sub(2 + 4 + longest + 2 + widest + 2);
            let note = self.note(place, row);
            let has_room = left >= 12 && !note.is_empty();
            Some(if has_room {
                line.and(Shade::Plain, format!("  {}", cut(&note, left)))
            } else {
                line
            })
        });
        rows.collect()
    }

    /// What is to be said of an add-on in its line.
    pub(crate) fn note(&self, at: usize, row: &PickRow) -> String {
        let mut notes: Vec<String> = Vec::new();
        match row.addon.addon() {
            None => notes.push("not known to mk8s".to_owned()),
            Some(addon) => {
                let short = row
                    .undocumented
                    .as_deref()
                    .and_then(|it| it.split(';').next());
                notes.extend(short.map(str::to_owned));
                if row.asks {
                    notes.push("with its settings".to_owned());
                }
                let needed_by = self.table.needed_by(at);
                if row.is_on_after() && !needed_by.is_empty() {
                    notes.push(format!("needed by {}", needed_by.join(", ")));
                }
                if !addon.needs.is_empty() {
                    notes.push(format!("needs {}", names_of(addon.needs)));
                }
            }
        }
        notes.join("; ")
    }

    fn addon_details(&self) -> String {
        let shown = self.add_ons_shown();
        let marked = shown.get(self.addon_list.at).copied();
        let Some((at, row)) = marked.and_then(|at| Some((at, self.table.rows.get(at)?))) else {
            return String::new();
        };
        let Some(addon) = row.addon.addon() else {
            return "a key of spec.addOns that mk8s does not know; it can be switched off"
                .to_owned();
        };
        let mut said = vec![addon.summary.to_owned()];
        if !addon.needs.is_empty() {
            said.push(format!("it needs {}", names_of(addon.needs)));
        }
        let needed_by = self.table.needed_by(at);
        if !needed_by.is_empty() {
            said.push(format!("it is needed by {}", needed_by.join(", ")));
        }
        said.extend(addon.nodes.map(|nodes| format!("on {}", nodes.words())));
        said.extend(row.undocumented.clone());
        said.join("; ")
    }

    fn setting_rows(&self, width: usize) -> Vec<ViewLine> {
        let fields = &self.form.fields;
        let at = self.form.at;
        let labels = fields.iter().map(|field| field.label().chars().count());
        // The value wants some room as well.
        let longest = labels.max().unwrap_or(0).min(width / 2);
        let widest = fields
            .iter()
            .map(|field| field.word().len())
            .max()
            .unwrap_or(0);
        let rows = window(at, fields.len(), self.fit).filter_map(|row| {
            let field = fields.get(row)?;
            let is_marked = row == at;
            let label = tail(&field.label(), longest);
            let left = width.saturating_sub(2 + longest + 2 + widest + 2);
            let text = printable(&field.text);
            let text = match (is_marked, text.is_empty(), &field.now) {
                (true, ..) => format!("{}_", tail(&text, left.saturating_sub(1))),
                (false, true, Some(now)) => cut(&format!("now {now}"), left),
                _ => tail(&text, left),
            };
            Some(
                marked(is_marked)
                    .and(shade(is_marked), format!("{label:longest$}  "))
                    .and(field_shade(field), format!("{:widest$}  ", field.word()))
                    .and(Shade::Plain, text),
            )
        });
        rows.collect()
    }

    fn setting_details(&self) -> String {
        let Some(field) = self.form.fields.get(self.form.at) else {
            return String::new();
        };
        let now = field.now.as_ref();
        let now = now.map_or_else(String::new, |now| format!("; now {now}"));
        format!("{}{now}", field.wants())
    }

    /// What is said of the last key, or of what is typed so far.
    fn remark(&self) -> String {
        if self.page == PickPage::Settings && self.message.is_empty() {
            let field = self.form.fields.get(self.form.at);
            let typed = field.filter(|field| !field.text.is_empty());
            return typed.and_then(PickField::fault).unwrap_or_default();
        }
        printable(&self.message)
    }

    /// What the keys do; where there is little room, what goes on and what goes back.
    fn keys(&self, width: usize) -> String {
        let typing = |list: &PickList| list.is_typing;
        let mut keys = match self.page {
            PickPage::Clusters if typing(&self.cluster_list) => FILTERING.to_vec(),
            PickPage::AddOns if typing(&self.addon_list) => FILTERING.to_vec(),
            PickPage::Clusters => vec!["space ticks", "/ filters", "enter goes on", "q leaves"],
            PickPage::AddOns => {
                let out = if self.targets.are_open {
                    "esc goes back"
                } else {
                    "q leaves"
                };
                vec![
                    "space switches",
                    "s asks for settings",
                    "/ filters",
                    "enter goes on",
                    out,
                ]
            }
            PickPage::Settings => {
                vec![
                    "tab goes down",
                    "enter goes on",
                    "esc goes back",
                    "ctrl-c leaves",
                ]
            }
        };
        while keys.len() > 2 && keys.join(", ").len() > width {
            keys.remove(keys.len() - 3);
        }
        keys.join(", ")
    }
}

const FILTERING: [&str; 3] = ["type what is looked for", "enter keeps it", "esc drops it"];

fn names_of(keys: &[&str]) -> String {
    let names = keys.iter().map(|key| {
        let addon = crate::addon::by_key(key);
        addon.map_or(*key, |addon| addon.name)
    });
    names.collect::<Vec<_>>().join(", ")
}

fn marked(is_marked: bool) -> ViewLine {
    ViewLine::of(shade(is_marked), if is_marked { "> " } else { "  " })
}

fn shade(is_marked: bool) -> Shade {
    if is_marked {
        Shade::Marked
    } else {
        Shade::Plain
    }
}

fn tick(row: &PickRow) -> &'static str {
    match row.wish {
        Some(true) => "[x]",
        Some(false) => "[ ]",
        None if row.on == 0 => "[ ]",
        None if row.on == row.of => "[x]",
        None => "[-]",
    }
}

fn state_shade(row: &PickRow) -> Shade {
    match row.wish {
        Some(true) => Shade::Good,
        Some(false) => Shade::Bad,
        None if row.on == 0 => Shade::Plain,
        None if row.on == row.of => Shade::Good,
        None => Shade::Odd,
    }
}

fn field_shade(field: &PickField) -> Shade {
    match (field.fault(), field.text.is_empty()) {
        (Some(_), true) => Shade::Odd,
        (Some(_), false) => Shade::Bad,
        (None, true) => Shade::Plain,
        (None, false) => Shade::Good,
    }
}
