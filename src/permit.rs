//! The right to write, as a value.

/// Permission to change something outside this process: in Control Plane or in AWS.
///
/// Every function that writes asks for one, so that a dry run cannot write: without a permit the
/// code does not compile. Only the command layer makes one, after the confirmation and never under
/// `--dry-run`.
#[derive(Debug)]
pub struct Permit(());

impl Permit {
    /// The user wants the change: the command line says so, `--dry-run` is not given, and whatever
    /// had to be confirmed is confirmed. Not to be called anywhere but in the command layer.
    pub fn granted() -> Self {
        Self(())
    }
}
