//! Who may do what with a file that takes another one's place: mode, owner, ACL, attributes.
//!
//! The new file never lets anybody do more than the old one did, at no moment: it is made for its
//! owner alone and opened to others last.

use rustix::fs::{
    XattrFlags, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fremovexattr, fsetxattr,
};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

/// The attribute that holds a file's ACL on Linux.
const ACL: &CStr = c"system.posix_acl_access";

/// Bits of a mode: write for group and others.
const SHARED_WRITE: u32 = 0o022;

/// Gives `new`, which only its owner can open, what `old` has. What could not be kept is said in
/// words that go on after the file's name.
pub(super) fn carry_over(old: &File, metadata: &Metadata, new: &File) -> io::Result<Vec<String>> {
    let mut lost = Vec::new();
    // Only root can give a file away; anybody else owns the new file, as after any other edit.
    if fchown(new, Some(metadata.uid()), Some(metadata.gid())).is_err() {
        let _ = fchown(new, None, Some(metadata.gid()));
    }
    // Looked at, not concluded: a file server may say yes and do otherwise.
    let now = new.metadata()?;
    let (owner, group) = (now.uid() == metadata.uid(), now.gid() == metadata.gid());
    // A folder's default ACL is on every file that is made in it. It would come to life with the
    // mode and let in whom the old file did not.
    if fgetxattr_query(new, ACL).is_ok() {
        fremovexattr(new, ACL)?;
    }
    let mut acl = None;
    for name in names(old).unwrap_or_else(|error| {
        lost.push(format!(
            "lost its extended attributes: {}",
            io::Error::from(error)
        ));
        Vec::new()
    }) {
        // Labels that the system derives by its own rules (SELinux, file capabilities, IMA): copied
        // onto other content they would vouch for what they have not seen.
        if name.as_bytes().starts_with(b"security.") {
            continue;
        }
        if name.as_c_str() == ACL {
            acl = Some(value(old, ACL).unwrap_or_default());
        } else if let Err(error) =
            value(old, &name).and_then(|value| fsetxattr(new, &name, &value, XattrFlags::empty()))
        {
            let (name, error) = (name.to_string_lossy(), io::Error::from(error));
            lost.push(format!("lost the extended attribute `{name}`: {error}"));
        }
    }
    if let (Some(value), true, true) = (&acl, owner, group)
        // It sets the bits of the mode as well: what stands for the group there is the mask.
        && fsetxattr(new, ACL, value, XattrFlags::empty()).is_ok()
    {
        return Ok(lost);
    }
    let mode = narrowed(metadata.mode(), acl.as_deref(), owner, group);
    new.set_permissions(Permissions::from_mode(mode))?;
    if acl.is_some() {
        lost.push(
            "lost its ACL; group and others may do what every entry of it allowed".to_owned(),
        );
    }
    if !owner {
        let (uid, closed) = (metadata.uid(), metadata.mode() & SHARED_WRITE != 0);
        lost.push(if closed {
            format!("belongs to you now, not to user {uid}, and nobody else may write it")
        } else {
            format!("belongs to you now, not to user {uid}")
        });
    } else if !group {
        lost.push(format!(
            "does not belong to group {} any more",
            metadata.gid()
        ));
    }
    Ok(lost)
}

/// The mode of the new file where no ACL goes with it.
///
/// - Never setuid, setgid or sticky: on content that somebody else wrote, or under another owner,
///   they give rights away.
/// - Without the ACL, group and others get what every entry of it allows: the group's bits of the
///   mode were its mask, and an entry may have shut somebody out.
/// - Under a new owner nobody else may write: else whoever made the old file writable to all could
///   write a file that is somebody else's.
/// - Under a new group, people of the old one are others now, and the new one's were: both get what
///   both had.
fn narrowed(mode: u32, acl: Option<&[u8]>, owner: bool, group: bool) -> u32 {
    let own = mode & 0o700;
    let (mut of_group, mut of_others) = (mode >> 3 & 7, mode & 7);
    if let Some(acl) = acl {
        let common = common(acl);
        of_group &= common;
        of_others &= common;
    }
    if !group {
        of_group &= of_others;
        of_others = of_group;
    }
    let mode = own | of_group << 3 | of_others;
    if owner { mode } else { mode & !SHARED_WRITE }
}

/// What all entries of an ACL but the owner's allow; nothing if it is not understood.
fn common(acl: &[u8]) -> u32 {
    const VERSION: [u8; 4] = 2_u32.to_le_bytes();
    const USER_OBJ: u16 = 1;
    let Some(entries) = acl.strip_prefix(&VERSION) else {
        return 0;
    };
    let (entries, rest) = entries.as_chunks::<8>();
    if entries.is_empty() || !rest.is_empty() {
        return 0;
    }
    entries
        .iter()
        .map(|entry| {
            let tag = u16::from_le_bytes([entry[0], entry[1]]);
            let rights = u16::from_le_bytes([entry[2], entry[3]]);
            if tag == USER_OBJ {
                7
            } else {
                u32::from(rights)
            }
        })
        .fold(7, |all, rights| all & rights)
}

/// The names of a file's extended attributes; none where the file system has no such thing.
fn names(file: &File) -> Result<Vec<CString>, Errno> {
    let list = match sized(flistxattr_query(file), |list| flistxattr(file, list)) {
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
        list => list?,
    };
    Ok(list
        .split_inclusive(|byte| *byte == 0)
        .filter_map(|name| CStr::from_bytes_with_nul(name).ok())
        .map(CStr::to_owned)
        .collect())
}

fn value(file: &File, name: &CStr) -> Result<Vec<u8>, Errno> {
    sized(fgetxattr_query(file, name), |value| {
        fgetxattr(file, name, value)
    })
}

/// Reads what tells its size first.
fn sized(
    size: Result<usize, Errno>,
    read: impl FnOnce(&mut [u8]) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; size?];
    if !bytes.is_empty() {
        let length = read(&mut bytes)?;
        bytes.truncate(length);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ACL as the kernel gives it.
    fn acl(entries: &[(u16, u16)]) -> Vec<u8> {
        let mut bytes = 2_u32.to_le_bytes().to_vec();
        for (tag, rights) in entries {
            bytes.extend(tag.to_le_bytes());
            bytes.extend(rights.to_le_bytes());
            bytes.extend(u32::MAX.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn a_mode_only_ever_gets_narrower() {
        for (mode, owner, group, expected) in [
            (0o100_644, true, true, 0o644),
            (0o600, true, true, 0o600),
            (0o4777, true, true, 0o777),
            (0o2777, true, true, 0o777),
            (0o1666, true, true, 0o666),
            (0o4777, false, true, 0o755),
            (0o6777, false, false, 0o755),
            (0o664, false, true, 0o644),
            (0o1666, false, false, 0o644),
            (0o640, true, false, 0o600),
            (0o604, true, false, 0o600),
            (0o664, true, false, 0o644),
        ] {
            let narrow = narrowed(mode, None, owner, group);
            assert_eq!(narrow, expected, "{mode:o} {owner} {group}: {narrow:o}");
        }
        for mode in 0..=0o7777 {
            for (owner, group) in [(true, true), (true, false), (false, true), (false, false)] {
                let narrow = narrowed(mode, None, owner, group);
                assert_eq!(narrow & !(mode & 0o777), 0, "{mode:o}: {narrow:o}");
            }
        }
    }

    #[test]
    fn a_lost_acl_opens_nothing() {
        // The owner, a user, the group, the mask, others.
        let group_shut_out = acl(&[(1, 6), (2, 6), (4, 0), (16, 6), (32, 0)]);
        assert_eq!(narrowed(0o660, Some(&group_shut_out), true, true), 0o600);
        let user_shut_out = acl(&[(1, 6), (2, 0), (4, 4), (16, 4), (32, 4)]);
        assert_eq!(narrowed(0o644, Some(&user_shut_out), true, true), 0o600);
        let user_added = acl(&[(1, 6), (2, 6), (4, 4), (16, 6), (32, 4)]);
        assert_eq!(narrowed(0o664, Some(&user_added), true, true), 0o644);
        for strange in [&b""[..], b"\x03\0\0\0", b"\x02\0\0\0abc"] {
            assert_eq!(narrowed(0o666, Some(strange), true, true), 0o600);
        }
    }
}
