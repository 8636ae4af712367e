use tempfile::{TempDir, tempdir};

use super::*;

/// A parent folder with a target that holds `old`, and a complete build that holds `new`.
fn site() -> (TempDir, Site, PathBuf) {
    let out = tempdir().unwrap();
    let site = Site::to_write(&out.path().join("prod")).unwrap();
    fs::create_dir(site.target()).unwrap();
    fs::write(site.target().join("old"), "").unwrap();
    let build = site.build().unwrap().keep();
    fs::write(build.join("new"), "").unwrap();
    (out, site, build)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn both_ways_exchange() {
    let (out, site, build) = site();
    site.exchange(&build).unwrap();
    assert_eq!((names(&site.target()), names(&build)), (vec!["new".into()], vec!["old".into()]));
    site.exchange_by_journal(&build).unwrap();
    assert_eq!((names(&site.target()), names(&build)), (vec!["old".into()], vec!["new".into()]));
    assert_eq!(names(out.path()).len(), 2);
}

#[test]
fn killed_before_the_first_rename_the_old_folder_stays() {
    let (out, site, build) = site();
    site.write_journal(&build).unwrap();
    assert_eq!(site.current().unwrap(), site.target());
    site.recover().unwrap();
    assert_eq!((names(out.path()), names(&site.target())), (vec!["prod".into()], vec!["old".into()]));
}

#[test]
fn killed_between_the_renames_the_new_folder_comes() {
    let (out, site, build) = site();
    let former = site.write_journal(&build).unwrap();
    fs::rename(site.target(), former).unwrap();
    assert_eq!(site.current().unwrap(), build);
    site.recover().unwrap();
    assert_eq!((names(out.path()), names(&site.target())), (vec!["prod".into()], vec!["new".into()]));
}

#[test]
fn killed_after_the_renames_the_new_folder_stays() {
    let (out, site, build) = site();
    let former = site.write_journal(&build).unwrap();
    fs::rename(site.target(), former).unwrap();
    fs::rename(build, site.target()).unwrap();
    site.recover().unwrap();
    assert_eq!((names(out.path()), names(&site.target())), (vec!["prod".into()], vec!["new".into()]));
}

#[test]
fn a_target_made_after_the_kill_is_not_lost() {
    let (_out, site, build) = site();
    let former = site.write_journal(&build).unwrap();
    fs::rename(site.target(), &former).unwrap();
    fs::create_dir_all(site.target().join("work")).unwrap();
    assert!(matches!(site.recover(), Err(FolderError::Io { action: "complete", .. })));
    assert!(site.target().join("work").exists() && former.exists() && build.exists());
}

#[test]
fn a_torn_or_strange_journal_is_no_order() {
    for journal in ["", "{\"new\": \".prod.p8fs-gen-", "{\"new\": \"../elsewhere\", \"former\": \"prod\"}"] {
        let (out, site, _) = site();
        fs::write(site.journal(), journal).unwrap();
        site.recover().unwrap();
        assert_eq!((names(out.path()), names(&site.target())), (vec!["prod".into()], vec!["old".into()]));
    }
}

#[test]
fn only_our_leftovers_are_swept() {
    let (out, site, build) = site();
    let others = [
        ".prod.p8fs-gen-short",
        ".prod.p8fs-gen-abcdef.12345",
        ".prod2.p8fs-gen-abcdef123456",
        "prod.p8fs-gen-abcdef123456",
        ".prod.p8fs-gen-x.p8fs-gen-abcdef123456",
    ];
    for name in others {
        fs::create_dir(out.path().join(name)).unwrap();
    }
    fs::write(out.path().join(".prod.p8fs-gen-isafile12345"), "").unwrap();
    fs::create_dir(out.path().join(".prod.p8fs-gen-former")).unwrap();
    fs::set_permissions(&build, Permissions::from_mode(0o500)).unwrap();
    site.recover().unwrap();
    assert_eq!(names(out.path()).len(), others.len() + 2);
    assert!(!build.exists());
}

#[test]
fn a_change_made_while_building_is_kept() {
    let (out, site, build) = site();
    fs::write(site.target().join(super::super::inventory::INVENTORY), "{\"sha256\": {}}").unwrap();
    let survey = Survey::of(&site.target()).unwrap();
    fs::write(site.target().join("late"), "").unwrap();
    let leftover = site.build().unwrap();
    fs::rename(&build, leftover.path()).unwrap();
    assert!(matches!(site.install(leftover, &survey), Err(FolderError::Changed { .. })));
    assert!(site.target().join("late").exists() && site.target().join("old").exists());
    assert_eq!(names(out.path()), ["prod"]);
}
