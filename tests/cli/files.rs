//! What an edit keeps of a file beside its content: rights, owner, attributes, links; and where it
//! writes if no other file can take its place.
//!
//! Some of this only root can try, by becoming somebody else. Anybody else tries the rest.

use crate::support::manifests::aws;
use crate::support::{Env, Run, snapshot};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

const ON: &str = "awsWorkloadIdentity: {}";
const EDIT: &str = "addon enable aws-ecr -f a.yaml";

/// Whoever made a file, and whoever edits it.
const MAKER: u32 = 4001;
const EDITOR: u32 = 4002;

fn before() -> String {
    aws("a", &[ON])
}

fn after() -> String {
    aws("a", &[ON, "awsECR: {}"])
}

/// A folder with `a.yaml` in it.
fn world() -> Env {
    let env = Env::new();
    env.write("a.yaml", before());
    env
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn is_root() -> bool {
    // The folder of this process in /proc is its user's.
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// The names of what lies in the working folder.
fn names(env: &Env) -> Vec<String> {
    let entries = fs::read_dir(env.path("")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Lets other users into the folders of a test; its home is the editor's.
fn open_up(env: &Env) {
    set_mode(env.root(), 0o755);
    set_mode(&env.path(""), 0o777);
    chown(env.home(""), Some(EDITOR), Some(EDITOR)).unwrap();
    set_mode(&env.home(""), 0o700);
}

/// Runs `mk8s` as somebody who is not root.
#[track_caller]
fn as_editor(env: &Env, line: &str) -> Run {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/as_user.py");
    let mut arguments = vec![
        script.to_str().unwrap().to_owned(),
        EDITOR.to_string(),
        env!("CARGO_BIN_EXE_mk8s").to_owned(),
    ];
    arguments.extend(line.split_whitespace().map(str::to_owned));
    env.program("python3".as_ref(), &arguments).run()
}

/// What Python says; `os` is imported, and `path` is the file.
#[track_caller]
fn python(env: &Env, file: &str, script: &str) -> String {
    let script = format!("import os, struct\npath = {file:?}\n{ACLS}\n{script}");
    let run = env.program("python3".as_ref(), &["-c", &script]).run();
    run.ok().stdout.trim().to_owned()
}

/// Makes an ACL as the kernel keeps it: of the owner, the maker, the group, the mask, others.
const ACLS: &str = r"
ACL, DEFAULT = 'system.posix_acl_access', 'system.posix_acl_default'
def acl(owner, maker, group, mask, others):
    nobody = 0xffffffff
    entries = [(1, owner, nobody), (2, maker, 4001), (4, group, nobody), (16, mask, nobody),
               (32, others, nobody)]
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
";

#[test]
fn an_edit_keeps_the_mode_and_never_sets_a_special_bit() {
    for (old, new) in [
        (0o644, 0o644),
        (0o600, 0o600),
        (0o640, 0o640),
        (0o666, 0o666),
        (0o755, 0o755),
        (0o4777, 0o777),
        (0o2777, 0o777),
        (0o6777, 0o777),
        (0o1666, 0o666),
        (0o4600, 0o600),
    ] {
        let env = world();
        let file = env.path("a.yaml");
        set_mode(&file, old);
        let _ = env.line(EDIT).run().ok();
        assert_eq!(env.text("a.yaml"), after());
        assert_eq!(mode(&file), new, "{old:o} became {:o}", mode(&file));
        // In place no bit is new either.
        set_mode(&file, old);
        let line = "addon disable aws-ecr -f a.yaml --in-place";
        let _ = env.line(line).run().ok();
        assert_eq!(mode(&file) & !(old & 0o1777), 0, "{:o}", mode(&file));
        assert_eq!(names(&env), ["a.yaml"]);
    }
}

/// Somebody makes a file that is setuid and writable to all; whoever edits it must not make it a
/// setuid file of their own that the maker can still write.
#[test]
fn another_users_file_gets_no_rights_from_whoever_edits_it() {
    if !is_root() {
        // Without root there is one user. The rule itself is tested beside the code.
        let env = world();
        set_mode(&env.path("a.yaml"), 0o6666);
        let _ = env.line(EDIT).run().ok();
        assert_eq!(mode(&env.path("a.yaml")), 0o666);
        return;
    }
    let world = |mode: u32| {
        let env = world();
        open_up(&env);
        let file = env.path("a.yaml");
        chown(&file, Some(MAKER), Some(MAKER)).unwrap();
        set_mode(&file, mode);
        env
    };
    for (old, new) in [
        (0o4777, 0o755),
        (0o2777, 0o755),
        (0o6777, 0o755),
        (0o1666, 0o644),
        (0o666, 0o644),
        (0o646, 0o644),
        (0o606, 0o600),
    ] {
        let env = world(old);
        let file = env.path("a.yaml");
        let run = as_editor(&env, EDIT).ok();
        let now = fs::metadata(&file).unwrap();
        assert_eq!((now.uid(), now.gid()), (EDITOR, EDITOR), "{run}");
        assert_eq!(mode(&file), new, "{old:o} became {:o}", mode(&file));
        assert_eq!(env.text("a.yaml"), after());
        // Root gives it back to whom it belonged.
        let env = world(old);
        let file = env.path("a.yaml");
        let _ = env.line(EDIT).run().ok().never("warning");
        let now = fs::metadata(&file).unwrap();
        assert_eq!((now.uid(), now.gid()), (MAKER, MAKER));
        assert_eq!(mode(&file), old & 0o777);
        // In place it stays whose it was, without the bits.
        let env = world(old);
        let file = env.path("a.yaml");
        let _ = as_editor(&env, &format!("{EDIT} --in-place")).ok();
        let now = fs::metadata(&file).unwrap();
        assert_eq!((now.uid(), now.gid()), (MAKER, MAKER));
        assert_eq!(mode(&file) & 0o6000, 0, "{:o}", mode(&file));
        assert_eq!(env.text("a.yaml"), after());
    }
    let env = world(0o4777);
    snapshot!(env, as_editor(&env, EDIT), @r"
    exit 0
    --- stdout
    Enabled aws-ecr in a.yaml; the live cluster is not changed
    --- stderr
    warning: `a.yaml` belongs to you now, not to user 4001, and nobody else may write it; --in-place keeps all of a file but its content
    Registry access: same account (111122223333), no role needed
    ");
    let env = world(0o644);
    snapshot!(env, as_editor(&env, EDIT), @r"
    exit 1
    --- stderr
    error: `a.yaml` was not written
      because: Permission denied (os error 13)
    hint: `-f - < a.yaml > a.yaml.new`, in place of `-f a.yaml`, writes another file
    ");
}

#[test]
fn an_edit_keeps_attributes_and_the_acl() {
    let env = world();
    let read = "print({name: os.getxattr(path, name) for name in sorted(os.listxattr(path))})";
    // Everybody has these; what only root may set is tried as root.
    let set = "os.setxattr(path, 'user.owner', b'shop team')\n\
               os.setxattr(path, 'user.empty', b'')\n\
               os.setxattr(path, ACL, acl(6, 6, 0, 6, 0))\n";
    python(&env, "a.yaml", set);
    if is_root() {
        python(&env, "a.yaml", "os.setxattr(path, 'trusted.seal', b'1')");
    }
    let old = python(&env, "a.yaml", read);
    assert!(
        old.contains("user.owner") && old.contains("posix_acl_access"),
        "{old}"
    );
    // The group's bits are the ACL's mask: the group itself may do nothing.
    assert_eq!(mode(&env.path("a.yaml")), 0o660);
    let _ = env.line(EDIT).run().ok().never("warning");
    assert_eq!(env.text("a.yaml"), after());
    assert_eq!(python(&env, "a.yaml", read), old);
    assert_eq!(mode(&env.path("a.yaml")), 0o660);
    assert_eq!(names(&env), ["a.yaml"]);
}

#[test]
fn a_folders_default_acl_lets_nobody_into_an_edited_file() {
    let env = world();
    let file = env.path("a.yaml");
    set_mode(&file, 0o640);
    python(&env, ".", "os.setxattr(path, DEFAULT, acl(6, 6, 6, 6, 6))");
    // Whatever is made there has it.
    env.write("b.yaml", "");
    let acls = |file: &str| python(&env, file, "print([n for n in os.listxattr(path)])");
    assert!(acls("b.yaml").contains("posix_acl_access"));
    let _ = env.line(EDIT).run().ok();
    assert_eq!(env.text("a.yaml"), after());
    assert!(!acls("a.yaml").contains("posix_acl"), "{}", acls("a.yaml"));
    assert_eq!(mode(&file), 0o640);
}

#[test]
fn an_acl_that_cannot_be_kept_opens_nothing() {
    let env = world();
    if !is_root() {
        // The file stays one's own, and so does its ACL: the other test's part.
        python(&env, "a.yaml", "os.setxattr(path, ACL, acl(6, 0, 4, 4, 4))");
        let _ = env.line(EDIT).run().ok();
        let acl = "print(os.getxattr(path, ACL) == acl(6, 0, 4, 4, 4))";
        assert_eq!(python(&env, "a.yaml", acl), "True");
        return;
    }
    open_up(&env);
    chown(env.path("a.yaml"), Some(MAKER), Some(EDITOR)).unwrap();
    // Somebody is shut out whom the group's and the others' rights would let in.
    python(&env, "a.yaml", "os.setxattr(path, ACL, acl(6, 0, 6, 6, 4))");
    snapshot!(env, as_editor(&env, EDIT), @r"
    exit 0
    --- stdout
    Enabled aws-ecr in a.yaml; the live cluster is not changed
    --- stderr
    warning: `a.yaml` lost its ACL; group and others may do what every entry of it allowed
    warning: `a.yaml` belongs to you now, not to user 4001, and nobody else may write it; --in-place keeps all of a file but its content
    Registry access: same account (111122223333), no role needed
    ");
    assert_eq!(mode(&env.path("a.yaml")), 0o600);
}

#[test]
fn a_hard_link_is_named_and_in_place_writes_through_it() {
    let env = world();
    fs::hard_link(env.path("a.yaml"), env.path("b.yaml")).unwrap();
    snapshot!(env, env.line(EDIT).run(), @r"
    exit 0
    --- stdout
    Enabled aws-ecr in a.yaml; the live cluster is not changed
    --- stderr
    warning: `a.yaml` had 2 hard links, and only this name has the new text; --in-place writes through all of them
    Registry access: same account (111122223333), no role needed
    ");
    assert_eq!(
        [env.text("a.yaml"), env.text("b.yaml")],
        [after(), before()]
    );
    fs::remove_file(env.path("a.yaml")).unwrap();
    fs::hard_link(env.path("b.yaml"), env.path("a.yaml")).unwrap();
    let _ = env
        .line(&format!("{EDIT} --in-place"))
        .run()
        .ok()
        .never("warning");
    assert_eq!([env.text("a.yaml"), env.text("b.yaml")], [after(), after()]);
    // It gets shorter as well.
    let _ = env
        .line("addon disable aws-ecr -f b.yaml --in-place")
        .run()
        .ok();
    assert_eq!(
        [env.text("a.yaml"), env.text("b.yaml")],
        [before(), before()]
    );
    assert_eq!(names(&env), ["a.yaml", "b.yaml"]);
}

#[test]
fn a_file_that_is_read_only_stays_as_it_is() {
    for flags in ["", " --in-place"] {
        let env = world();
        set_mode(&env.path("a.yaml"), 0o444);
        let run = env.line(&format!("{EDIT}{flags}")).run();
        let run = run.exits(1).err("error: `a.yaml` was not written");
        assert_eq!(env.text("a.yaml"), before(), "{run}");
        assert_eq!(names(&env), ["a.yaml"]);
        // Root could write it, and does not. Asked to, it does.
        let (_, hint) = run.stderr.split_once("hint: ").expect("a hint");
        let _ = env.sh(hint.trim()).run().ok();
        let _ = env.line(&format!("{EDIT}{flags}")).run().ok();
        assert_eq!(env.text("a.yaml"), after());
    }
}

#[test]
fn in_a_folder_that_cannot_be_written_a_file_is_written_in_place() {
    let env = world();
    set_mode(&env.path("a.yaml"), 0o666);
    if is_root() {
        open_up(&env);
    }
    set_mode(&env.path(""), 0o555);
    let run = if is_root() {
        as_editor(&env, &format!("{EDIT} -v"))
    } else {
        env.line(&format!("{EDIT} -v")).run()
    };
    set_mode(&env.path(""), 0o755);
    snapshot!(env, run, @r"
    exit 0
    --- stdout
    Enabled aws-ecr in a.yaml; the live cluster is not changed
    --- stderr
    a.yaml was written in place, since it cannot be replaced: Permission denied (os error 13)
    Registry access: same account (111122223333), no role needed
    ");
    assert_eq!(env.text("a.yaml"), after());
    assert_eq!(names(&env), ["a.yaml"]);
    let copies = env.home(".local/state/mk8s/in-place");
    assert_eq!(mode(&copies), 0o700);
    assert_eq!(fs::read_dir(copies).unwrap().count(), 0);
}

#[test]
fn without_room_for_a_copy_nothing_is_written_in_place() {
    let mut env = world();
    set_mode(&env.path("a.yaml"), 0o666);
    if is_root() {
        open_up(&env);
    }
    set_mode(&env.path(""), 0o555);
    env.set("XDG_STATE_HOME", "/proc/nowhere");
    let run = if is_root() {
        as_editor(&env, EDIT)
    } else {
        env.line(EDIT).run()
    };
    set_mode(&env.path(""), 0o755);
    snapshot!(env, run, @r"
    exit 1
    --- stderr
    warning: what this run changes is not kept, so that `mk8s undo` cannot take it back: /proc/nowhere/mk8s/history: No such file or directory (os error 2)
    error: `a.yaml` was not written
      because: it can only be written in place, and there is no room for a copy of it
      because: [WORK]: Permission denied (os error 13)
      because: /proc/nowhere/mk8s/in-place: No such file or directory (os error 2)
    hint: set XDG_STATE_HOME to a folder that you can write: copies go there
    ");
    assert_eq!(env.text("a.yaml"), before());
}

/// In a sticky folder only owners may rename.
#[test]
fn anothers_file_in_a_sticky_folder_is_written_in_place() {
    let env = world();
    set_mode(&env.path("a.yaml"), 0o666);
    if is_root() {
        open_up(&env);
        chown(env.path("a.yaml"), Some(MAKER), Some(MAKER)).unwrap();
    }
    set_mode(&env.path(""), 0o1777);
    let run = if is_root() {
        as_editor(&env, EDIT)
    } else {
        env.line(EDIT).run()
    };
    let _ = run.ok().never("warning");
    assert_eq!(env.text("a.yaml"), after());
    assert_eq!(names(&env), ["a.yaml"]);
    let owner = fs::metadata(env.path("a.yaml")).unwrap().uid();
    assert!(!is_root() || owner == MAKER, "{owner}");
}

/// A file that is mounted by itself, as containers have it, cannot be replaced.
#[test]
fn a_file_that_is_a_mount_point_is_written_in_place() {
    let env = world();
    env.write("outside.yaml", before());
    let binary = env!("CARGO_BIN_EXE_mk8s");
    let script = format!(
        "mount --bind outside.yaml a.yaml && exec {binary} addon enable aws-ecr -f a.yaml -v"
    );
    // Some machines let only root mount, or nobody.
    let own = ["-m", "-rm"].into_iter().find(|flags| {
        let arguments = [*flags, "sh", "-c", "mount --bind outside.yaml a.yaml"];
        let unshare = env.program("unshare".as_ref(), &arguments);
        unshare.run().code == 0
    });
    let Some(flags) = own else {
        assert!(!is_root(), "root cannot mount anything here");
        return;
    };
    let arguments = [flags, "sh", "-c", &script];
    let run = env.program("unshare".as_ref(), &arguments).run().ok();
    let run = run.err("a.yaml was written in place, since it cannot be replaced");
    assert_eq!(env.text("outside.yaml"), after(), "{run}");
    assert_eq!(env.text("a.yaml"), before());
    assert_eq!(names(&env), ["a.yaml", "outside.yaml"]);
}

#[test]
fn a_full_disk_is_told_with_the_name_of_the_file() {
    for flags in ["", " --in-place"] {
        let env = world();
        let binary = env!("CARGO_BIN_EXE_mk8s");
        // Of what a full disk is, this is the part that needs no disk.
        let script = format!("trap '' XFSZ; ulimit -f 0; exec {binary} {EDIT}{flags}");
        let run = env.sh(&script).run().exits(1);
        let run = run.err("error: `a.yaml` was not written").never(".mk8s-");
        let run = run.never(".tmp").err("File too large");
        assert_eq!(env.text("a.yaml"), before(), "{run}");
        assert_eq!(names(&env), ["a.yaml"]);
    }
}

#[test]
fn whoever_may_not_write_a_file_is_told_what_can_be_done() {
    let env = world();
    if !is_root() {
        // Of one's own files nothing else keeps one away.
        set_mode(&env.path("a.yaml"), 0o444);
        let _ = env.line(EDIT).run().exits(1).err("hint: chmod u+w a.yaml");
        return;
    }
    open_up(&env);
    set_mode(&env.path("a.yaml"), 0o644);
    let run = as_editor(&env, EDIT);
    let run = run
        .exits(1)
        .err("Permission denied")
        .err("hint: `-f - < a.yaml > a.yaml.new`, in place of `-f a.yaml`, writes another file");
    assert_eq!(env.text("a.yaml"), before(), "{run}");
    let hint = env.sh(&format!(
        "{} addon enable aws-ecr -f - < a.yaml > a.yaml.new",
        env!("CARGO_BIN_EXE_mk8s")
    ));
    let _ = hint.run().ok();
    assert_eq!(env.text("a.yaml.new"), after());
}

#[test]
fn what_a_killed_run_left_is_taken_away_by_the_next() {
    let env = world();
    env.write(".mk8s-x1Y2z3.tmp", "half");
    env.write(".mk8s-notes.txt", "mine");
    let _ = env.line(EDIT).run().ok();
    assert_eq!(names(&env), [".mk8s-notes.txt", "a.yaml"]);
}

/// A copy that somebody else may have put there is not believed.
#[test]
fn a_planted_copy_is_no_copy() {
    let env = world();
    let id = python(
        &env,
        "a.yaml",
        "import hashlib\nprint(hashlib.sha256(path.encode()).hexdigest()[:16])",
    );
    let copy = format!(".mk8s-{id}.copy");
    // For all to read, a link, with another name.
    let file = env.write(&copy, "kind: mk8s\n");
    set_mode(&file, 0o644);
    let _ = env.line("addon list -f a.yaml").run().ok();
    set_mode(&file, 0o600);
    let _ = env
        .line("addon list -f a.yaml")
        .run()
        .exits(6)
        .err("may be damaged");
    fs::hard_link(&file, env.path("other")).unwrap();
    let _ = env.line("addon list -f a.yaml").run().ok();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("other", &file).unwrap();
    let _ = env.line("addon list -f a.yaml").run().ok();
}
