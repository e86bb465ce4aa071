//! What the checks look at: what was asked for, the manifests, the cluster, the connections.
//!
//! Everything is read once, when a group first needs it, and kept.

use super::Finding;
use super::facts::{AwsFacts, ImageFacts, IssuerFacts, LiveFacts};
use crate::addon::path::Path;
use crate::addon::{Addon, CATALOG};
use crate::aws::connect::{AwsAccess, AwsSession, open};
use crate::aws::iam::{Caller, Iam as _, IamAnswer};
use crate::aws::image::{self, Image, PrivateImage};
use crate::aws::sdk::Sdk;
use crate::change::Change;
use crate::cluster::Cluster;
use crate::control::{ApiError, Client};
use crate::error::Error;
use crate::invocation::{CommandFlags, Invocation, Reach};
use crate::manifest::{Document, Edit, FileSpot, LocationStep, Manifest};
use crate::remedy;
use crate::settings::Settings;
use crate::validate::{self, Flaws};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::OnceCell;

/// What was asked for on the command line.
#[derive(Debug, Clone, Default)]
pub(crate) struct CheckOptions {
    /// `--image`.
    pub(crate) image: Option<String>,
    /// `--live`.
    pub(crate) live: bool,
    /// `--wait`: the longest that IAM may take to know what was just changed there.
    pub(crate) wait: Option<Duration>,
    /// `--web-identity-token-file`.
    pub(crate) web_identity_token_file: Option<PathBuf>,
}

/// One manifest that was named.
pub(crate) struct File {
    /// How it is called: the path as it was named, `-` for stdin.
    pub(crate) label: String,
    /// What is in it, or why it cannot be read.
    pub(crate) manifest: Result<Manifest, Error>,
    /// The numbers of the cluster documents that count.
    pub(crate) documents: Vec<usize>,
}

/// What all scenes share.
pub(crate) struct Session<'a> {
    /// What was asked for.
    pub(crate) asked: CheckOptions,
    /// Who and where, or why that is not known; `None` where no cluster and no login is looked at.
    pub(crate) settings: Option<Result<&'a Settings, Error>>,
    /// The client, or why there is none; `None` where no cluster and no login is looked at.
    pub(crate) client: Option<Result<&'a Client, Error>>,
    /// How AWS is reached.
    pub(crate) aws: AwsAccess,
    /// The connections as they were given, for fixes.
    pub(crate) reach: Reach,
    /// The manifests.
    pub(crate) files: Vec<File>,
    /// The names of all clusters that are looked at.
    names: Vec<String>,
    clusters: OnceCell<RefCell<HashMap<String, Result<Cluster, ApiError>>>>,
    probe: OnceCell<Probe>,
    reached: OnceCell<AwsSession>,
    caller: OnceCell<(Sdk, IamAnswer<Caller>)>,
}

/// Who and where, and the client that goes with it, or why there is none.
pub(crate) type Login<'a> = (Result<&'a Settings, Error>, Result<&'a Client, Error>);

/// What one read of the org's clusters told.
pub(crate) struct Probe {
    /// The server's clock, and ours at the same moment.
    pub(crate) clocks: Option<(OffsetDateTime, OffsetDateTime)>,
    /// Whether it succeeded.
    pub(crate) outcome: Result<(), ApiError>,
}

impl<'a> Session<'a> {
    /// Puts together what is known before anything is looked at.
    pub(crate) fn new(
        asked: CheckOptions,
        login: Option<Login<'a>>,
        aws: AwsAccess,
        reach: Reach,
        files: Vec<File>,
    ) -> Self {
        let (settings, client) = match login {
            Some((settings, client)) => (Some(settings), Some(client)),
            None => (None, None),
        };
        Self {
            asked,
            settings,
            client,
            aws,
            reach,
            files,
            names: Vec::new(),
            clusters: OnceCell::new(),
            probe: OnceCell::new(),
            reached: OnceCell::new(),
            caller: OnceCell::new(),
        }
    }

    /// Names the clusters that are looked at: the first that is read brings the others along.
    #[must_use]
    pub(crate) fn looking_at(mut self, names: &[String]) -> Self {
        names.clone_into(&mut self.names);
        self
    }

    /// Takes what was read of them to tell which are meant.
    #[must_use]
    pub(crate) fn knowing(mut self, known: HashMap<String, Result<Cluster, ApiError>>) -> Self {
        if !known.is_empty() {
            self.clusters = OnceCell::new_with(Some(RefCell::new(known)));
        }
        self
    }

    /// Reads a cluster; several are read together, once.
    async fn read(&self, client: &Client, name: &str) -> Result<Cluster, ApiError> {
        if self.names.len() < 2 && !self.clusters.initialized() {
            return client.get(name).await;
        }
        let read = async || {
            let read = client.get_all(&self.names).await;
            RefCell::new(self.names.iter().cloned().zip(read).collect())
        };
        let clusters = self.clusters.get_or_init(read).await;
        let known = clusters.borrow_mut().remove(name);
        match known {
            Some(read) => read,
            None => client.get(name).await,
        }
    }

    /// Whether a login is looked at: without a cluster's name and with files only, it is not.
    pub(crate) fn is_online(&self) -> bool {
        self.settings.is_some()
    }

    /// The settings, if they could be put together.
    pub(crate) fn settings(&self) -> Option<&'a Settings> {
        match &self.settings {
            Some(Ok(settings)) => Some(settings),
            _ => None,
        }
    }

    /// The client, if there is one.
    pub(crate) fn client(&self) -> Option<&'a Client> {
        match &self.client {
            Some(Ok(client)) => Some(client),
            _ => None,
        }
    }

    /// Reads the org's clusters once; `None` without a client.
    pub(crate) async fn probe(&self) -> Option<&Probe> {
        let client = self.client()?;
        let look = async || {
            let (server, outcome) = client.probe().await;
            Probe {
                clocks: server.map(|server| (server, OffsetDateTime::now_utc())),
                outcome,
            }
        };
        Some(self.probe.get_or_init(look).await)
    }

    /// The private image of `--image`, if it is one.
    pub(crate) fn private_image(&self) -> Option<PrivateImage> {
        match image::parse(self.asked.image.as_deref()?) {
            Ok(Image::Private(image)) => Some(image),
            _ => None,
        }
    }

    /// AWS, as all scenes reach it: in the name of credentials that are looked for once.
    pub(crate) async fn aws_session(&self) -> &AwsSession {
        self.reached.get_or_init(|| open(&self.aws)).await
    }

    /// Asks AWS once who is calling.
    pub(crate) async fn caller(&self) -> &(Sdk, IamAnswer<Caller>) {
        self.caller
            .get_or_init(async || {
                let sdk = Sdk::new(self.aws_session().await);
                let caller = sdk.caller().await;
                (sdk, caller)
            })
            .await
    }

    /// Who is calling AWS, if that was asked before.
    pub(crate) fn called(&self) -> Option<&IamAnswer<Caller>> {
        self.caller.get().map(|(_, caller)| caller)
    }

    /// What [`Session::probe`] told, if it was read before.
    pub(crate) fn probed(&self) -> Option<&Probe> {
        self.probe.get()
    }
}

/// One run of the checklist: a live cluster or none, and the documents that go with it.
pub(crate) struct Scene<'a> {
    /// What all scenes share.
    pub(crate) session: &'a Session<'a>,
    /// The live cluster's name.
    pub(crate) cluster_name: Option<&'a str>,
    cluster: OnceCell<Result<Cluster, ApiError>>,
    /// Worked out once: each takes a parse.
    documents: std::cell::OnceCell<Vec<Doc<'a>>>,
    /// What the group *aws* looked at.
    pub(super) aws: OnceCell<AwsFacts>,
    /// What the group *image* looked at.
    pub(super) image: OnceCell<ImageFacts>,
    /// What the group *issuer* looked at.
    pub(super) issuer: OnceCell<IssuerFacts>,
    /// What the group *live* looked at.
    pub(super) live: OnceCell<LiveFacts>,
}

impl<'a> Scene<'a> {
    /// A scene in which nothing was looked at yet.
    pub(crate) fn new(session: &'a Session<'a>, cluster_name: Option<&'a str>) -> Self {
        Self {
            session,
            cluster_name,
            cluster: OnceCell::new(),
            documents: std::cell::OnceCell::new(),
            aws: OnceCell::new(),
            image: OnceCell::new(),
            issuer: OnceCell::new(),
            live: OnceCell::new(),
        }
    }

    /// Reads the live cluster once; `None` if none was named or there is no client.
    pub(crate) async fn read_cluster(&self) -> Option<&Result<Cluster, ApiError>> {
        let (client, name) = (self.session.client()?, self.cluster_name?);
        Some(
            self.cluster
                .get_or_init(async || self.session.read(client, name).await)
                .await,
        )
    }

    /// The outcome of that read, if it was made.
    pub(crate) fn cluster_read(&self) -> Option<&Result<Cluster, ApiError>> {
        self.cluster.get()
    }

    /// The live cluster, if it was read and is there.
    pub(crate) fn cluster(&self) -> Option<&Cluster> {
        self.cluster.get()?.as_ref().ok()
    }

    /// The org's name; empty if none is set.
    pub(crate) fn org(&self) -> &str {
        self.session
            .settings()
            .and_then(Settings::org_if_set)
            .map_or("", |org| org.value.as_str())
    }

    /// The documents that go with the scene: of this cluster's name, or all.
    pub(crate) fn documents(&self) -> &[Doc<'a>] {
        self.documents.get_or_init(|| self.find_documents())
    }

    fn find_documents(&self) -> Vec<Doc<'a>> {
        let mut found = Vec::new();
        for file in &self.session.files {
            let Ok(manifest) = &file.manifest else {
                continue;
            };
            let several = manifest.clusters().nth(1).is_some();
            let counts: HashSet<usize> = file.documents.iter().copied().collect();
            for document in manifest.documents() {
                let is_meant = self
                    .cluster_name
                    .is_none_or(|name| document.name.as_deref() == Some(name));
                if is_meant && counts.contains(&document.number) {
                    found.push(Doc {
                        file,
                        document,
                        several,
                        cluster: Cluster::new(document.value()),
                        flaws: std::cell::OnceCell::new(),
                    });
                }
            }
        }
        found
    }

    /// Why nothing in AWS is asked for; `None` where an add-on that needs AWS is on, in the cluster or
    /// in a manifest, or the image is in ECR.
    pub(crate) fn without_aws(&self) -> Option<&'static str> {
        let wants = |subject: &CheckSubject<'_>| {
            let cluster = subject.cluster();
            CATALOG
                .iter()
                .any(|addon| addon.wants_issuer() && cluster.add_on(addon.key).is_some())
        };
        let asked = self.session.private_image().is_some() || self.subjects().iter().any(wants);
        (!asked).then_some("no AWS add-on is on")
    }

    /// What add-ons are judged on: the live cluster, and every document.
    pub(crate) fn subjects(&self) -> Vec<CheckSubject<'_>> {
        let live = self.cluster().map(CheckSubject::Live);
        let documents = self.documents().iter().map(CheckSubject::Document);
        live.into_iter().chain(documents).collect()
    }
}

/// A cluster document of a manifest.
pub(crate) struct Doc<'a> {
    /// The file it stands in.
    pub(crate) file: &'a File,
    /// The document.
    pub(crate) document: &'a Document,
    /// The cluster it describes.
    pub(crate) cluster: Cluster,
    several: bool,
    /// Worked out once.
    flaws: std::cell::OnceCell<Flaws>,
}

impl Doc<'_> {
    /// How it is called: the file, and the cluster where the file has several.
    pub(crate) fn label(&self) -> String {
        let file = self.file.called();
        if self.several {
            format!("{} in {file}", self.cluster.name())
        } else {
            file.to_owned()
        }
    }

    /// Whether an edit of the file makes these changes; it refuses some, such as of a key that is
    /// written twice. Of several documents, one without a name cannot be picked.
    pub(crate) fn takes(&self, changes: Vec<Change>) -> bool {
        let edit = Edit {
            document: self.document.number,
            changes,
        };
        let is_named = !self.several || !self.cluster.name().is_empty();
        let manifest = self.file.manifest.as_ref();
        is_named && manifest.is_ok_and(|it| it.edit(&[edit]).is_ok())
    }

    /// Everything that the platform would refuse in it.
    pub(crate) fn flaws(&self) -> &Flaws {
        self.flaws.get_or_init(|| {
            validate::document(self.document, self.cluster.value(), self.cluster.org())
        })
    }

    /// A finding with its place: where the path stands in the file, or as much of it as is written.
    pub(crate) fn place(&self, finding: Finding, path: &[LocationStep<'_>]) -> Finding {
        self.at(finding, &self.document.spot(path))
    }

    /// A finding with its place.
    pub(crate) fn at(&self, finding: Finding, spot: &FileSpot) -> Finding {
        finding
            .at(&self.file.label, Some(spot.line))
            .column(spot.column, Some(self.document.excerpt(spot)))
    }

    /// The line of what is at the path, or of the document.
    pub(crate) fn line(&self, path: &[&str]) -> usize {
        self.document.line_of(path).unwrap_or(self.document.line)
    }

    /// `-f FILE`, and `-c NAME` where the file has several.
    pub(crate) fn flags(&self) -> CommandFlags {
        let flags = CommandFlags::new().file(&self.file.label);
        if self.several {
            flags.cluster(self.cluster.name())
        } else {
            flags
        }
    }
}

impl File {
    /// How sentences call it.
    pub(crate) fn called(&self) -> &str {
        if self.label == "-" {
            crate::manifest::STDIN
        } else {
            &self.label
        }
    }
}

/// What add-ons are judged on.
pub(crate) enum CheckSubject<'a> {
    /// A live cluster.
    Live(&'a Cluster),
    /// A document.
    Document(&'a Doc<'a>),
}

impl CheckSubject<'_> {
    /// The cluster.
    pub(crate) fn cluster(&self) -> &Cluster {
        match self {
            Self::Live(cluster) => cluster,
            Self::Document(doc) => &doc.cluster,
        }
    }

    /// `on prod`, `in clusters/prod.yaml`.
    pub(crate) fn place(&self) -> String {
        match self {
            Self::Live(cluster) => format!("on {}", cluster.name()),
            Self::Document(doc) => format!("in {}", doc.file.called()),
        }
    }

    /// The command that switches an add-on on there, or completes it with a setting; `None` where
    /// our own rules, or an edit of the file, would refuse it.
    pub(crate) fn enabling(&self, addon: &'static Addon, set: Option<&Path>) -> Option<Invocation> {
        let remedy = remedy::enable(self.cluster(), addon, &self.flags(), set)?;
        match self {
            Self::Live(_) => Some(remedy.command),
            Self::Document(doc) => doc.takes(remedy.changes).then_some(remedy.command),
        }
    }

    /// `-c prod`, `-f clusters/prod.yaml`.
    pub(crate) fn flags(&self) -> CommandFlags {
        match self {
            Self::Live(cluster) => CommandFlags::new().cluster(cluster.name()),
            Self::Document(doc) => doc.flags(),
        }
    }
}
