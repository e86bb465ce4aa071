//! How bytes leave: bodies that stop or crawl, and a socket that can say something else than HTTP.
//!
//! hyper writes the head and counts the body; what it would not send by itself is put below it
//! ([`ReplaceableSocket`]) or above it ([`ReplyContent`]).

use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

/// The body of an answer.
#[derive(Debug)]
pub(super) enum ReplyContent {
    /// All at once.
    Whole(Option<Bytes>),
    /// These bytes, then the connection breaks.
    Broken {
        bytes: Option<Bytes>,
        /// Whether the socket had its turn, so that the bytes are out before the break.
        flushed: bool,
    },
    /// A byte, a gap, a byte…
    Drip {
        rest: Bytes,
        gap: Duration,
        pause: Option<Pin<Box<Sleep>>>,
    },
    /// A JSON string of so many letters.
    Flood { left: u64, stage: FloodStage },
}

/// How far a flood has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FloodStage {
    Start,
    Middle,
    End,
}

/// The largest piece of a flood.
const PIECE: &[u8] = &[b'x'; 64 * 1024];

impl ReplyContent {
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self::Whole((!bytes.is_empty()).then(|| Bytes::from(bytes)))
    }

    pub(super) fn broken(bytes: Vec<u8>) -> Self {
        Self::Broken {
            bytes: Some(Bytes::from(bytes)),
            flushed: false,
        }
    }

    pub(super) fn drip(bytes: Vec<u8>, gap: Duration) -> Self {
        Self::Drip {
            rest: Bytes::from(bytes),
            gap,
            pause: None,
        }
    }

    pub(super) fn flood(size: u64) -> Self {
        Self::Flood {
            left: size,
            stage: FloodStage::Start,
        }
    }
}

type BodyPiece = Option<Result<Frame<Bytes>, io::Error>>;

fn piece(bytes: Bytes) -> Poll<BodyPiece> {
    Poll::Ready(Some(Ok(Frame::data(bytes))))
}

impl Body for ReplyContent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BodyPiece> {
        match self.get_mut() {
            Self::Whole(bytes) => match bytes.take() {
                Some(bytes) => piece(bytes),
                None => Poll::Ready(None),
            },
            Self::Broken { bytes, flushed } => match bytes.take() {
                Some(bytes) => piece(bytes),
                None if *flushed => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
                None => {
                    *flushed = true;
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            },
            Self::Drip { rest, gap, pause } => {
                if let Some(pause) = pause {
                    ready!(pause.as_mut().poll(cx));
                }
                if rest.is_empty() {
                    return Poll::Ready(None);
                }
                *pause = Some(Box::pin(tokio::time::sleep(*gap)));
                piece(rest.split_to(1))
            }
            Self::Flood { left, stage } => match *stage {
                FloodStage::Start => {
                    *stage = FloodStage::Middle;
                    piece(Bytes::from_static(b"\""))
                }
                FloodStage::Middle if *left == 0 => {
                    *stage = FloodStage::End;
                    piece(Bytes::from_static(b"\""))
                }
                FloodStage::Middle => {
                    let size = usize::try_from(*left).map_or(PIECE.len(), |n| n.min(PIECE.len()));
                    *left -= size as u64;
                    piece(Bytes::from_static(&PIECE[..size]))
                }
                FloodStage::End => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
            }
            Self::Drip { rest, .. } => SizeHint::with_exact(rest.len() as u64),
            Self::Flood { left, .. } => SizeHint::with_exact(left.saturating_add(2)),
            // The head states the length of the whole.
            Self::Broken { .. } => SizeHint::default(),
        }
    }
}

/// What a connection is to send instead of what hyper writes.
#[derive(Debug, Clone, Default)]
pub(super) struct ReplacedBytes(Arc<Mutex<Option<Vec<u8>>>>);

impl ReplacedBytes {
    /// From now on these bytes go out, and then nothing more.
    pub(super) fn say(&self, bytes: &[u8]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
    }
}

/// A socket whose output can be taken over.
#[derive(Debug)]
pub(super) struct ReplaceableSocket<S> {
    stream: S,
    instead: ReplacedBytes,
}

impl<S> ReplaceableSocket<S> {
    pub(super) fn new(stream: S, instead: ReplacedBytes) -> Self {
        Self { stream, instead }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ReplaceableSocket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ReplaceableSocket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let mut instead = this
            .instead
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(bytes) = instead.as_mut() else {
            return Pin::new(&mut this.stream).poll_write(cx, buf);
        };
        while !bytes.is_empty() {
            let sent = ready!(Pin::new(&mut this.stream).poll_write(cx, bytes))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            bytes.drain(..sent);
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
