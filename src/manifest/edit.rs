//! Carries edits out: rounds of small text changes, each on a fresh parse, and the proof.

mod shared;

use super::check::{self, EditRefusal};
use super::plan::{self, PrimitiveEdit};
use super::prove::{self, Doubt, ProofTarget, ReadText};
use super::scan::Splice;
use super::tree::{Id, Tree};
use super::value::{describes, own_entry};
use super::view::{Entry, View};
use super::{
    Comments, Document, Manifest, PART, Piece, STDIN, Source, block, excerpt, flow, items,
    parallel, remove, scan, split,
};
use crate::change::Change;
use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What is to change in one document of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    /// The document's number.
    pub document: usize,
    /// The changes, done in order. None at all checks whether the document can be edited.
    pub changes: Vec<Change>,
}

/// A document of a piece and what its add-ons should be; `None` if nothing changes.
struct DocumentChange<'a> {
    document: &'a Document,
    desired: Option<Map<String, Value>>,
}

/// A document that is looked at in order to plan its changes.
#[derive(Clone, Copy)]
pub struct DocumentReading<'a> {
    /// The document.
    pub(crate) document: &'a Document,
    tree: &'a Tree,
}

impl DocumentReading<'_> {
    /// What [`Document::value`] gives, without parsing the text again.
    pub(crate) fn value(&self) -> Value {
        self.document.value_in(self.tree)
    }
}

/// What comes of an edit.
#[derive(Debug)]
pub(crate) struct Edited<P> {
    /// The new text.
    pub(crate) text: String,
    /// What the plans gave, in order.
    pub(crate) plans: Vec<P>,
    /// How many lines of comments went with entries that were removed.
    pub(crate) comments: usize,
}

/// What comes of planning one document: whatever the caller keeps, and the changes.
type PlannedEdit<P> = (P, Vec<Change>);

impl Manifest {
    /// The text with all edits done.
    ///
    /// Every refusal of every document is reported, in one error: what cannot be edited without
    /// changing something else, and what is not the form that the platform reads. An edit of a
    /// document that does not exist is "not found".
    pub fn edit(&self, edits: &[Edit]) -> Result<String> {
        let mut changes: BTreeMap<usize, Vec<Change>> = BTreeMap::new();
        for edit in edits {
            let of_document = changes.entry(edit.document).or_default();
            of_document.extend(edit.changes.iter().cloned());
        }
        let numbers: Vec<usize> = changes.keys().copied().collect();
        let edited = self.edit_planned(&numbers, Comments::Go, |reading| {
            let found = changes.get(&reading.document.number);
            Ok(((), found.cloned().unwrap_or_default()))
        });
        edited.map(|edited| edited.text).map_err(|errors| {
            let mut errors = errors.into_iter();
            let first = errors.next();
            let mut first = first.unwrap_or_else(|| Error::failure("an edit was not done"));
            first.others.extend(errors);
            first
        })
    }

    /// Plans the documents with these numbers (ascending, each once) and edits them.
    ///
    /// Planning and editing share one parse of each document, and many documents are worked on on
    /// several cores. Every refusal is reported, of the planning and of the editing.
    pub(crate) fn edit_planned<P: Send>(
        &self,
        numbers: &[usize],
        comments: Comments,
        plan: impl Fn(DocumentReading<'_>) -> Result<PlannedEdit<P>> + Sync,
    ) -> Result<Edited<P>, Vec<Error>> {
        let mut by_piece: BTreeMap<usize, Vec<&Document>> = BTreeMap::new();
        for &number in numbers {
            let index = number.checked_sub(1);
            let document = index
                .and_then(|index| self.documents.get(index))
                .ok_or_else(|| {
                    let label = self.label();
                    vec![Error::not_found(format!(
                        "{label} has no document {number}"
                    ))]
                })?;
            let start = document.piece.range.start;
            by_piece.entry(start).or_default().push(document);
        }
        let mut refusals = Vec::new();
        let mut plans = Vec::with_capacity(numbers.len());
        let mut gone = 0;
        let mut result = String::with_capacity(self.text().len() + 64 * numbers.len());
        // What is between the pieces is in no document.
        let mut done = 0;
        // Where each piece is afterwards.
        let mut ranges = Vec::with_capacity(self.pieces.len());
        for part in self.pieces.chunks(PART) {
            let edited = parallel(part, |piece| {
                by_piece
                    .get(&piece.range.start)
                    .map(|documents| edit_piece(piece, documents, comments, &plan))
            });
            for (piece, edited) in part.iter().zip(edited) {
                result.push_str(&self.text()[done..piece.range.start]);
                done = piece.range.end;
                let text = match edited {
                    None => None,
                    Some(Ok(edited)) => {
                        plans.extend(edited.plans);
                        gone += edited.comments;
                        edited.text
                    }
                    Some(Err(more)) => {
                        refusals.extend(more);
                        None
                    }
                };
                let start = result.len();
                result.push_str(text.as_deref().unwrap_or(piece.text()));
                ranges.push(start..result.len());
            }
        }
        result.push_str(&self.text()[done..]);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        // Each edited piece is proved by itself and all others are the same bytes, so all is proved
        // if the documents begin and end where they did.
        let is_whole = split::split(&result)
            .into_iter()
            .filter(|part| !part.is_empty)
            .map(|part| part.range)
            .eq(ranges);
        if is_whole {
            Ok(Edited {
                text: result,
                plans,
                comments: gone,
            })
        } else {
            let unchanged = self.source.unchanged();
            let message = format!("{} cannot be edited safely; {unchanged}", self.label());
            Err(vec![
                Error::refused(message)
                    .because("its documents would not begin and end where they did")
                    .hint("make the change by hand"),
            ])
        }
    }
}

impl Document {
    /// The meaning of `spec.addOns`, without working out that of the whole document if nothing in
    /// it can come from elsewhere.
    fn add_ons(&self, view: View<'_>) -> Option<Value> {
        let own = |map, key| own_entry(view.tree, map, key, view.text).map(|(_, value)| value);
        let found = own(self.root, "spec").and_then(|spec| own(spec, "addOns"));
        match found {
            Some(id) if view.tree.aliases().is_empty() => Some(view.value(id)),
            _ => self.value_in(view.tree).pointer("/spec/addOns").cloned(),
        }
    }

    pub(super) fn view<'a>(&'a self, tree: &'a Tree) -> View<'a> {
        View {
            text: self.piece.text(),
            tree,
            root: self.root,
            lines: &self.piece.source.lines,
            base: self.piece.range.start,
            shares: false,
        }
    }
}

/// What comes of the edit of a piece.
struct PieceEdit<P> {
    /// `None` if it stays as it is.
    text: Option<String>,
    plans: Vec<P>,
    comments: usize,
}

/// Edits a piece, or gives all reasons against it.
fn edit_piece<P>(
    piece: &Piece,
    documents: &[&Document],
    comments: Comments,
    plan: impl Fn(DocumentReading<'_>) -> Result<PlannedEdit<P>>,
) -> Result<PieceEdit<P>, Vec<Error>> {
    let mut refusals = Vec::new();
    let mut plans = Vec::new();
    let mut open = Vec::new();
    let mut asked = Vec::new();
    let mut is_shared = true;
    let tree = &*piece.tree();
    for &document in documents {
        let view = document.view(tree);
        let refused = |refusal| piece.source.refused(view, refusal);
        // Before any rule: it is not certain what the document says.
        if let Err(refusal) = check::check_duplicates(view) {
            is_shared = false;
            refusals.push(refused(refusal));
            continue;
        }
        let planned = plan(DocumentReading { document, tree });
        let changes = planned.as_ref().ok().map(|(_, changes)| changes.as_slice());
        if changes.is_none_or(|changes| !changes.is_empty())
            && let Err(refusal) = check::encrypted(view, &piece.source.label)
        {
            is_shared = false;
            refusals.push(refused(refusal));
            continue;
        }
        let (planned, changes) = match planned {
            Ok(planned) => planned,
            Err(refusal) => {
                is_shared = false;
                refusals.push(refusal);
                continue;
            }
        };
        plans.push(planned);
        match prepare(view, document, &changes) {
            Ok(desired) => open.push(DocumentChange { document, desired }),
            Err(refusal) => {
                is_shared &= refusal.is_shared;
                refusals.push(refused(refusal));
            }
        }
        asked.push((document, changes));
    }
    if !refusals.is_empty() {
        if !is_shared {
            return Err(refusals);
        }
        return match shared::edit(piece, tree, &asked, comments) {
            Ok((text, comments)) => Ok(PieceEdit {
                text: Some(text),
                plans,
                comments,
            }),
            // What stands in the way of an edit that all ask for is what is to be mended.
            Err(inner) if !inner.is_empty() => Err(inner),
            Err(_) => Err(refusals),
        };
    }
    if open.iter().all(|job| job.desired.is_none()) {
        return Ok(PieceEdit {
            text: None,
            plans,
            comments: 0,
        });
    }
    let edited = rounds(piece, tree, &open, comments, false);
    let done = edited.map(|(text, comments)| PieceEdit {
        text: Some(text),
        plans,
        comments,
    });
    done.map_err(|doubt| {
        let source = &piece.source;
        let error = match (open.as_slice(), doubt.at) {
            ([job, ..], Some(at)) => {
                let view = job.document.view(tree);
                source.refused(view, check::in_doubt(view, at, doubt.because))
            }
            // Where there is but one cluster it is known which one is meant.
            ([job], None) => {
                let view = job.document.view(tree);
                source.refused(view, check::not_possible(view, doubt.because))
            }
            _ => {
                let unchanged = source.unchanged();
                let message = format!("{} cannot be edited safely; {unchanged}", source.label);
                Error::refused(message).because(doubt.because)
            }
        };
        vec![error.hint(doubt.hint)]
    })
}

/// Looks for everything that speaks against the edit.
fn prepare(
    view: View<'_>,
    document: &Document,
    changes: &[Change],
) -> Result<Option<Map<String, Value>>, EditRefusal> {
    let current = document.add_ons(view);
    let Some(desired) = plan::desired(current.as_ref(), changes) else {
        // Nothing to do, but a value of a wrong form is not "already so".
        let keys = changes.iter().filter_map(|change| change.path.first());
        check::check_forms(view, keys.map(String::as_str))?;
        return Ok(None);
    };
    check::check(view, changes)?;
    plan::plan(view, &desired)?;
    Ok(Some(desired))
}

/// Does one step for every document at a time until nothing is left to do, and proves the result.
/// Gives the number of comment lines that went as well.
fn rounds(
    piece: &Piece,
    tree: &Tree,
    jobs: &[DocumentChange<'_>],
    comments: Comments,
    shares: bool,
) -> Result<(String, usize), Doubt> {
    let mut gone = 0;
    let before = ReadText {
        text: piece.text(),
        tree,
    };
    let mut edited: Option<(String, Tree)> = None;
    // How much was left to do for each job; it has to become less with every step.
    let mut left = vec![usize::MAX; jobs.len()];
    loop {
        let now = edited
            .as_ref()
            .map_or(before, |(text, tree)| ReadText { text, tree });
        let planned = plan_round(piece, now, jobs, shares)?;
        // What goes is taken away before what it repeats, where that goes as well.
        let is_free = |op: &PrimitiveEdit| !(shares && op.cuts_off(now.tree));
        let is_any_free = planned.iter().any(|(_, _, ops)| ops.iter().any(is_free));
        let mut splices: Vec<Splice> = Vec::new();
        let mut done: Vec<&PrimitiveEdit> = Vec::new();
        for (number, view, ops) in &planned {
            let Some(op) = ops.iter().find(|op| !is_any_free || is_free(op)) else {
                continue;
            };
            if ops.len() >= left[*number] {
                return Err("a change did not have the effect that it should".into());
            }
            left[*number] = ops.len();
            // What stands aside is edited once for all.
            let is_outside = !now.tree.contains(view.root, op.map());
            if is_outside && done.contains(&op) {
                continue;
            }
            let view = if is_outside { view.whole() } else { *view };
            let step = step(view, op, comments);
            let step = step.ok_or("this way of writing it is not edited")?;
            if matches!(op, PrimitiveEdit::Remove { .. }) {
                gone += remove::comment_lines(view, &step);
            }
            splices.extend(step);
            done.push(op);
        }
        if splices.is_empty() {
            let mut targets: Vec<ProofTarget> = jobs
                .iter()
                .filter_map(|job| {
                    Some(ProofTarget {
                        root: job.document.root,
                        desired: job.desired.clone()?,
                    })
                })
                .collect();
            targets.sort_by_key(|target| target.root);
            prove::prove(before, now, &targets, shares)?;
            if shares {
                prove::meanings(before, now, &targets)?;
            }
            return Ok((now.text.to_owned(), gone));
        }
        let next = scan::splice(now.text, splices).ok_or("two changes touch the same place")?;
        let tree = Tree::parse(&next).map_err(|trouble| {
            format!("the result could not be read again: {}", trouble.message)
        })?;
        edited = Some((next, tree));
    }
}

/// What is left to do to each document that is not done yet, with its number among the jobs.
fn plan_round<'a>(
    piece: &'a Piece,
    now: ReadText<'a>,
    jobs: &[DocumentChange<'_>],
    shares: bool,
) -> Result<Vec<(usize, View<'a>, Vec<PrimitiveEdit>)>, Doubt> {
    let roots = items(now.tree, now.text);
    let mut planned = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        let (Some(desired), Some(&root)) = (&job.desired, roots.get(job.document.item)) else {
            continue;
        };
        let view = View {
            text: now.text,
            tree: now.tree,
            root,
            lines: &piece.source.lines,
            base: piece.range.start,
            shares,
        };
        let ops = plan::plan(view, desired).map_err(|refusal| Doubt::from(refusal.because))?;
        if !ops.is_empty() {
            planned.push((number, view, ops));
        }
    }
    Ok(planned)
}

/// The text changes of one step.
fn step(view: View<'_>, op: &PrimitiveEdit, comments: Comments) -> Option<Vec<Splice>> {
    let is_flow = |map: Id| view.tree.kind(map).is_flow();
    match op {
        PrimitiveEdit::Insert { map, new } if is_flow(*map) => flow::insert(view, *map, new),
        PrimitiveEdit::Insert { map, new } => block::insert(view, *map, new),
        PrimitiveEdit::Replace { map, entry, value } => replace(view, *map, *entry, value),
        PrimitiveEdit::Remove { owner, entry } => {
            let map = owner.value;
            let only = view.entries(map).len() == 1;
            match (is_flow(map), only) {
                (true, true) => flow::empty(view, map),
                (true, false) => flow::remove(view, map, *entry),
                (false, true) => {
                    let outer = view.holder(owner.key)?;
                    let emptied = remove::empty(view, *owner, comments);
                    match emptied {
                        Some(mut splices) => {
                            splices.extend(tag_away(view, *owner, &json!({})));
                            Some(splices)
                        }
                        None => replace(view, outer, *owner, &json!({})),
                    }
                }
                (false, false) => remove::remove(view, *entry, comments),
            }
        }
    }
}

/// Another value behind a key, and away with a tag that does not describe it.
fn replace(view: View<'_>, map: Id, entry: Entry, value: &Value) -> Option<Vec<Splice>> {
    let mut splices = if view.tree.kind(map).is_flow() {
        flow::replace(view, map, entry, value)
    } else {
        block::replace(view, map, entry, value)
    }?;
    splices.extend(tag_away(view, entry, value));
    Some(splices)
}

/// Takes a tag away that does not say what the new value is.
fn tag_away(view: View<'_>, entry: Entry, value: &Value) -> Option<Splice> {
    let tag = view.tree.tag(entry.value)?;
    if describes(&tag.name, value) {
        return None;
    }
    let before = view.text[..tag.range.start].trim_end_matches([' ', '\t']);
    Some(Splice::delete(before.len()..tag.range.end))
}

impl Source {
    fn refused(&self, view: View<'_>, refusal: EditRefusal) -> Error {
        let place = |at: std::ops::Range<usize>| at.start + view.base..at.end + view.base;
        let at = place(refusal.at);
        let (line, column) = self.lines.position(&self.text, at.start);
        let mut marks = vec![excerpt::Mark {
            range: at,
            label: &refusal.label,
            sign: '^',
        }];
        if let Some((also, label)) = &refusal.also {
            marks.push(excerpt::Mark {
                range: place(also.clone()),
                label,
                sign: '-',
            });
        }
        let error = Error::refused(format!(
            "{}:{line}:{column} cannot be edited safely; {}",
            self.label,
            self.unchanged()
        ))
        .at(&self.label, line, column)
        .excerpt(excerpt::draw(&self.text, &self.lines, marks))
        .because(refusal.because);
        error.hint_if(refusal.hint)
    }

    fn unchanged(&self) -> &'static str {
        if self.label == STDIN {
            "nothing was written"
        } else {
            "the file is unchanged"
        }
    }
}
