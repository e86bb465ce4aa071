//! Lists: every page of an org's clusters, and several clusters in few round trips.

use super::answer::Answer;
use super::client::Client;
use super::content;
use super::error::{Access, AnswerExcess, ApiError, ApiProblem};
use super::pace;
use super::request::{self, Request};
use crate::cluster::{self, Cluster};
use crate::text::excerpt;
use crate::waiting::Waiting;
use futures_util::future::{self, FutureExt as _, LocalBoxFuture};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::future::poll_fn;
use std::task::Poll;

/// All pages of a list together, in bytes; their keys and values together are no more than those of
/// one answer may be.
const LIST: u64 = 64 * 1024 * 1024;
/// More pages than any org has.
const PAGES: usize = 1000;
/// So few clusters are read one by one, side by side.
const AT_ONCE: usize = 8;

/// What was read last to find clusters.
pub(super) struct ListLookup {
    /// What was searched for; `None` is the list.
    query: Option<Value>,
    /// How many pages it had.
    pages: usize,
}

/// A page that was asked for.
type AskedPage<'a> = LocalBoxFuture<'a, Result<(Answer, Value), ApiError>>;

/// The pages of a list, one after another.
struct Pages<'a> {
    client: &'a Client,
    /// The kind of the pages.
    kind: &'static str,
    next: Option<Request>,
    /// Whether all pages are read for sure: then the next one is asked for before this one is worked on.
    are_all: bool,
    asked: Option<AskedPage<'a>>,
    seen: HashSet<String>,
    /// Told for all pages together.
    waiting: Waiting,
    /// How many bytes may still come.
    left: u64,
    nodes: usize,
}

impl<'a> Pages<'a> {
    /// All of them, each asked for while the one before it is worked on.
    fn ahead(mut self) -> Self {
        self.are_all = true;
        self
    }

    /// Asks for the page that is next.
    fn ask(&mut self) -> Option<AskedPage<'a>> {
        let request = self.next.take()?;
        let limit = self.left.min(content::BYTES);
        let (client, kind) = (self.client, self.kind);
        let page = async move {
            let read = client.read(Access::List, &request, limit, kind).await;
            read.map_err(|error| match error.problem {
                ApiProblem::TooLarge(AnswerExcess::Bytes) if limit < content::BYTES => ApiError {
                    problem: ApiProblem::TooLarge(AnswerExcess::Pages),
                    ..error
                },
                _ => error,
            })
        };
        Some(page.boxed_local())
    }

    /// The next page without its items, and the items.
    async fn next(&mut self) -> Result<Option<(Value, Vec<Value>)>, ApiError> {
        let asked = self.asked.take();
        let Some(page) = asked.or_else(|| self.ask()) else {
            return Ok(None);
        };
        let (answer, mut page) = page.await?;
        self.left = self.left.saturating_sub(answer.body.len() as u64);
        self.nodes += content::nodes(&answer.body);
        if self.nodes > content::NODES {
            return Err(ApiError {
                access: Access::List,
                ..answer.error(ApiProblem::TooLarge(AnswerExcess::Pages))
            });
        }
        let items = self.client.items(&mut page)?;
        if let Some(href) = next_link(&page) {
            let path = self.client.page_path(&href)?;
            if self.seen.len() >= PAGES || !self.seen.insert(path.clone()) {
                return Err(list_error("its pages lead in a circle".to_owned()));
            }
            let (org, page) = (self.client.org(), self.seen.len());
            self.waiting
                .now(format!("reading the clusters of {org}, page {page}"));
            self.next = Some(request::page(&path));
        }
        if self.are_all
            && let Some(mut page) = self.ask()
        {
            // What is not polled is not sent, and the connection sends when it has its turn.
            let begun = poll_fn(|context| Poll::Ready(page.as_mut().poll(context))).await;
            self.asked = Some(match begun {
                Poll::Pending => page,
                Poll::Ready(read) => future::ready(read).boxed_local(),
            });
            tokio::task::yield_now().await;
        }
        Ok(Some((page, items)))
    }
}

impl Client {
    fn pages(&self) -> Pages<'_> {
        self.pages_from(request::list(self.org()), "list")
    }

    fn pages_from(&self, first: Request, kind: &'static str) -> Pages<'_> {
        Pages {
            client: self,
            kind,
            waiting: self
                .board
                .begin(format!("reading the clusters of {}", self.org())),
            seen: HashSet::from([first.path.clone()]),
            next: Some(first),
            are_all: false,
            asked: None,
            left: LIST,
            nodes: 0,
        }
    }

    /// Reads all clusters of the org, every page.
    pub(crate) async fn list(&self) -> Result<Vec<Cluster>, ApiError> {
        let mut pages = self.pages().ahead();
        let mut all = Vec::new();
        while let Some((_, items)) = pages.next().await? {
            all.extend(items.into_iter().map(Cluster::new));
        }
        Ok(all)
    }

    /// The names of the list that was read for others in vain, else those on its first page; none where it
    /// cannot be read. It is for guesses, and not tried again.
    pub(crate) async fn some_names(&self) -> Vec<String> {
        let known = self.listed.take();
        if !known.is_empty() {
            return known;
        }
        let request = request::list(self.org());
        let token = &self.transport.connection.token;
        let page = match self.once(&request, content::BYTES).await {
            Ok(answer) => answer.object("list", token),
            Err(error) => Err(error),
        };
        let items = page.and_then(|mut page| self.items(&mut page));
        let clusters = items.unwrap_or_default().into_iter().map(Cluster::new);
        clusters.map(|cluster| cluster.name().to_owned()).collect()
    }

    /// Reads the clusters that may fit a query of the platform's search, all pages; all clusters of the
    /// org without a query, and where the server's search is not to be had: what is meant is decided by
    /// whoever asks.
    ///
    /// A cluster that no page has in full, or that two have, is read by itself, as in
    /// [`Client::get_all`].
    ///
    /// Of each cluster what `keep` makes of it is kept.
    pub(crate) async fn candidates<K>(
        &self,
        query: Option<&Value>,
        keep: impl Fn(Cluster) -> K,
    ) -> Result<Vec<(String, Result<K, ApiError>)>, ApiError> {
        let found = match query {
            Some(query) => match self.gather(self.searched(query), &keep).await {
                Err(error) if is_no_search(&error) => None,
                found => {
                    let (found, pages) = found?;
                    self.looked_up(Some(query), pages);
                    Some(found)
                }
            },
            None => None,
        };
        let found = if let Some(found) = found {
            found
        } else {
            let (found, pages) = self.gather(self.pages(), &keep).await?;
            self.looked_up(None, pages);
            found
        };
        let keep = &keep;
        Ok(stream::iter(found)
            .map(|(name, listed)| async move {
                let read = match listed {
                    Some(kept) => Ok(kept),
                    None => self.get(&name).await.map(keep),
                };
                (name, read)
            })
            .buffered(pace::MOST)
            .collect()
            .await)
    }

    fn searched(&self, query: &Value) -> Pages<'_> {
        let first = request::search(self.org(), query);
        self.pages_from(first, "queryresult")
    }

    fn looked_up(&self, query: Option<&Value>, pages: usize) {
        *self.lookup.borrow_mut() = Some(ListLookup {
            query: query.cloned(),
            pages,
        });
    }

    /// Whether it takes fewer requests to read so many clusters from the pages of the last list or
    /// search once more than one by one.
    pub(crate) fn is_cheaper_by_pages(&self, clusters: usize) -> bool {
        let lookup = self.lookup.borrow();
        lookup.as_ref().is_some_and(|it| it.pages < clusters)
    }

    /// Reads the pages of the last list or search once more, and shows each of these clusters that a
    /// page has in full, once. What is not shown is to be read by itself, for whatever reason.
    pub(crate) async fn read_again<N: AsRef<str>>(
        &self,
        names: &[N],
        mut see: impl AsyncFnMut(Cluster),
    ) {
        let query = self
            .lookup
            .borrow()
            .as_ref()
            .and_then(|it| it.query.clone());
        let mut pages = match &query {
            Some(query) => self.searched(query),
            None => self.pages(),
        };
        let mut missing: HashSet<&str> = names.iter().map(AsRef::as_ref).collect();
        while !missing.is_empty() {
            let Ok(Some((_, items))) = pages.next().await else {
                break;
            };
            for item in items {
                let cluster = Cluster::new(item);
                if missing.remove(cluster.name()) && is_whole(&cluster) {
                    see(cluster).await;
                }
            }
        }
    }

    /// The clusters of all pages by their names, each with what its page has if that is all of it, and
    /// how many pages there were.
    async fn gather<K>(
        &self,
        pages: Pages<'_>,
        keep: impl Fn(Cluster) -> K,
    ) -> Result<(BTreeMap<String, Option<K>>, usize), ApiError> {
        let mut pages = pages.ahead();
        let mut found = BTreeMap::new();
        let mut count = 0;
        while let Some((_, items)) = pages.next().await? {
            count += 1;
            for item in items {
                let cluster = Cluster::new(item);
                let name = cluster.name().to_owned();
                let listed = Some(cluster).filter(is_whole).map(&keep);
                found
                    .entry(name)
                    .and_modify(|it| *it = None)
                    .or_insert(listed);
            }
        }
        Ok((found, count))
    }

    /// Reads all clusters of the org as one object of the API's `kind: list`: the first page's
    /// object, with the items of all pages and no link to a next one.
    pub(crate) async fn list_value(&self) -> Result<Value, ApiError> {
        let mut pages = self.pages().ahead();
        let mut whole: Option<Value> = None;
        let mut all = Vec::new();
        while let Some((page, mut items)) = pages.next().await? {
            all.append(&mut items);
            whole.get_or_insert(page);
        }
        let mut whole = whole.unwrap_or_else(|| json!({"kind": "list"}));
        if let Some(Value::Array(links)) = whole.get_mut("links") {
            links.retain(|link| !is_next(link));
        }
        whole["items"] = Value::Array(all);
        Ok(whole)
    }

    /// Reads the clusters with these names, each as [`Client::get`] does, in their order.
    ///
    /// A few are read side by side. More come from the pages of the list as long as those are fewer
    /// than the clusters that are still looked for; what no page has in full is read by itself, and
    /// so is everything if there is no list to be had: its own answer says best what is wrong.
    pub(crate) async fn get_all<N: AsRef<str>>(
        &self,
        names: &[N],
    ) -> Vec<Result<Cluster, ApiError>> {
        let mut listed = if names.len() > AT_ONCE {
            self.listed(names.iter().map(AsRef::as_ref)).await
        } else {
            HashMap::new()
        };
        stream::iter(names)
            .map(|name| {
                let listed = listed.remove(name.as_ref());
                async move {
                    match listed {
                        Some(cluster) => Ok(cluster),
                        None => self.get(name.as_ref()).await,
                    }
                }
            })
            .buffered(pace::MOST)
            .collect()
            .await
    }

    /// The same, and `None` for a name that no cluster has. The platform may answer 403 for a name that
    /// does not exist (control-plane.md 1.7): then the list decides.
    pub(crate) async fn find_all<N: AsRef<str>>(
        &self,
        names: &[N],
    ) -> Vec<Result<Option<Cluster>, ApiError>> {
        let read = self.get_all(names).await;
        let is_forbidden = |read: &Result<Cluster, ApiError>| matches!(read, Err(error) if error.problem == ApiProblem::Forbidden);
        let list = if read.iter().any(is_forbidden) {
            self.list().await.ok()
        } else {
            None
        };
        let is_nowhere = |name: &str| {
            let list = list.as_ref();
            list.is_some_and(|list| list.iter().all(|cluster| cluster.name() != name))
        };
        let found = read.into_iter().zip(names);
        found
            .map(|(read, name)| match read {
                Ok(cluster) => Ok(Some(cluster)),
                Err(error) => match error.problem {
                    ApiProblem::Missing => Ok(None),
                    ApiProblem::Forbidden if is_nowhere(name.as_ref()) => Ok(None),
                    _ => Err(error),
                },
            })
            .collect()
    }

    async fn listed<'n>(&self, names: impl Iterator<Item = &'n str>) -> HashMap<String, Cluster> {
        let mut missing: HashSet<&str> = names.collect();
        let (mut found, mut names) = (HashMap::new(), Vec::new());
        let mut pages = self.pages();
        let mut count = 0;
        while count < missing.len() {
            let Ok(Some((_, items))) = pages.next().await else {
                break;
            };
            count += 1;
            for item in items {
                let cluster = Cluster::new(item);
                // Named twice, or taken already: then its own answer decides.
                let is_first = missing.remove(cluster.name());
                names.push(cluster.name().to_owned());
                if is_first && is_whole(&cluster) {
                    found.insert(cluster.name().to_owned(), cluster);
                } else {
                    found.remove(cluster.name());
                }
            }
        }
        self.looked_up(None, count);
        if !missing.is_empty() {
            self.listed.replace(names);
        }
        found
    }

    pub(super) fn items(&self, page: &mut Value) -> Result<Vec<Value>, ApiError> {
        let kind = page.get("itemKind").and_then(Value::as_str);
        if let Some(kind) = kind.filter(|kind| *kind != cluster::KIND) {
            let token = &self.transport.connection.token;
            return Err(list_error(format!(
                "it is a list of \"{}\"",
                excerpt(&token.redact(kind), 80)
            )));
        }
        match page.get_mut("items").map(Value::take) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) if items.iter().all(Value::is_object) => {
                let token = &self.transport.connection.token;
                for item in &items {
                    content::check_item(item, token).map_err(list_error)?;
                }
                Ok(items)
            }
            Some(_) => Err(list_error("its items are not a list of objects".to_owned())),
        }
    }

    /// Hrefs are paths below the endpoint. A whole URL is taken when it is the endpoint's own.
    pub(super) fn page_path(&self, href: &str) -> Result<String, ApiError> {
        let endpoint = &self.transport.connection.endpoint;
        let path = href.strip_prefix(endpoint.as_str()).unwrap_or(href);
        if path.starts_with('/') && !path.starts_with("//") && endpoint.join(path).is_some() {
            return Ok(path.to_owned());
        }
        Err(list_error(format!(
            "its next page is elsewhere: \"{}\"",
            excerpt(&self.transport.connection.token.redact(href), 200)
        )))
    }
}

/// Whether a failure means that the server has no search, or not this one.
fn is_no_search(error: &ApiError) -> bool {
    matches!(
        error.problem,
        ApiProblem::Rejected
            | ApiProblem::Missing
            | ApiProblem::Forbidden
            | ApiProblem::Unexpected
            | ApiProblem::Garbage(_)
            | ApiProblem::Redirected(_)
    )
}

/// Whether an item of a list can be worked on like an answer of its own: it can be locked on and has
/// the part that changes.
fn is_whole(cluster: &Cluster) -> bool {
    cluster.version().is_some() && cluster.value().get("spec").is_some_and(Value::is_object)
}

fn list_error(what: String) -> ApiError {
    ApiError {
        access: Access::List,
        ..ApiError::new(ApiProblem::Garbage(what))
    }
}

fn is_next(link: &Value) -> bool {
    link.get("rel").and_then(Value::as_str) == Some("next")
}

pub(super) fn next_link(page: &Value) -> Option<String> {
    let links = page.get("links")?.as_array()?;
    let next = links.iter().find(|link| is_next(link))?;
    let href = next.get("href")?.as_str()?;
    (!href.is_empty()).then(|| href.to_owned())
}
