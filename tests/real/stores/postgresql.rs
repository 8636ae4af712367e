//! `PostgreSQL`: one server. That of Debian, which is older than the image's.

use rustix::process::Signal;

use super::images::images;
use super::{exec, instead, own, pod, started};
use crate::accepted::render_in;
use crate::container::Objects;
use crate::sandbox::{Running, Sandbox, said};

/// Of many kinds of characters, as a generated one never is.
const PASSWORD: &str = "it's \"a\" \\ pass$word; ";

/// The objects of a test of the shop, with the secret that applying it generates.
fn objects(password: &str) -> Objects {
    Objects::new(&render_in("examples/shop", &["test"])).with_secret("shop-database", "password", password)
}

/// Through the socket, within the pod.
fn sql(server: &Running, query: &str) -> String {
    let words = ["psql", "--username=postgres", "--no-align", "--tuples-only", "shop", "--command", query];
    exec(server, &words).trim_end().to_owned()
}

/// Whether a client gets in over the network, under the name that others use.
fn logs_in(server: &Running, password: &str) -> bool {
    let login =
        "PGPASSWORD=$1 psql --no-password --host=shop-database --username=postgres shop --command='select 1'";
    Sandbox::exec(server, &["sh", "-c", login, "sh", password]).status.success()
}

#[test]
fn postgresql_lets_in_who_knows_the_password_and_keeps_what_was_committed() {
    let objects = objects(PASSWORD);
    let the_pod = pod(&objects, "database");
    let mut sandbox = Sandbox::new(&objects, images());

    let server = started(&mut sandbox, &the_pod);
    assert!(logs_in(&server, PASSWORD), "{}", sandbox.said(&server));
    assert!(!logs_in(&server, "another"), "any password would do");
    // A quarter of 1 GiB; not in the 64 MB of /dev/shm.
    assert_eq!(sql(&server, "show shared_buffers"), "256MB");
    assert_eq!(sql(&server, "show dynamic_shared_memory_type"), "sysv");
    assert_eq!(sql(&server, "show data_checksums"), "on");
    assert_eq!(
        sql(&server, "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'postgres'"),
        "t"
    );
    sql(&server, "create table orders (id int primary key); insert into orders values (1)");
    assert!(!sandbox.said(&server).contains("pass$word"), "the password is in the log");

    // A crash: it starts on what it finds, and reads its log again.
    Sandbox::signal(&server, Signal::KILL);
    assert!(!sandbox.ended(&server).success());
    let server = started(&mut sandbox, &the_pod);
    assert!(sandbox.said(&server).contains("automatic recovery in progress"), "{}", sandbox.said(&server));
    assert_eq!(sql(&server, "select count(*) from orders"), "1");

    // It does not wait for clients that are in the middle of something.
    let stopped = std::thread::scope(|scope| {
        let client =
            scope.spawn(|| Sandbox::exec(&server, &["psql", "-U", "postgres", "-c", "select pg_sleep(600)"]));
        sandbox.until("a client is at work", |_| {
            sql(&server, "select count(*) from pg_stat_activity where query = 'select pg_sleep(600)'") == "1"
        });
        let stopped = sandbox.stop(&server);
        assert!(!client.join().expect("it does not panic").status.success());
        stopped
    });
    assert!(stopped.success(), "{stopped}: {}", sandbox.said(&server));
    let log = sandbox.said(&server);
    assert!(
        log.contains("received fast shutdown request") && log.contains("database system is shut down"),
        "{log}"
    );

    // The secret changed, and the pod with it.
    let later = self::objects("another");
    let server = started(&mut sandbox, &pod(&later, "database"));
    assert!(logs_in(&server, "another"), "{}", sandbox.said(&server));
    assert!(!logs_in(&server, PASSWORD), "the old password still opens");
    assert_eq!(sql(&server, "select count(*) from orders"), "1");
    // Of the half of a gibibyte in memory that the test has for it.
    let used = exec(&server, &["du", "-sk", "/var/lib/postgresql/data"]);
    let used: u64 = used.split_whitespace().next().and_then(|it| it.parse().ok()).expect("a number");
    assert!(used < 256 * 1024, "{used} KiB");
}

#[test]
fn a_start_that_was_cut_short_is_begun_anew_and_what_is_wrong_is_refused() {
    let objects = objects(PASSWORD);
    let pod = pod(&objects, "database");
    let mut sandbox = Sandbox::new(&objects, images());

    let cut = ["sh", "-c", "mkdir \"$PGDATA.new\" && touch \"$PGDATA.new/half\""];
    let cut = instead(&mut sandbox, &pod, &cut);
    assert!(cut.status.success(), "{}", said(&cut));
    let server = started(&mut sandbox, &pod);
    assert_eq!(sql(&server, "select 1"), "1");
    assert!(sandbox.stop(&server).success());

    // The negative controls: it reads that file, and refuses what it does not know.
    let read = |sandbox: &mut Sandbox, more: &str| {
        let ask = format!(
            "postgres -D \"$PGDATA\" -c config_file=/etc/postgresql/postgresql.conf {more} -C max_wal_size"
        );
        sandbox.output(&pod, &own(&pod), &["sh", "-c", &ask])
    };
    let known = read(&mut sandbox, "");
    assert_eq!(String::from_utf8_lossy(&known.stdout), "256\n", "{}", said(&known));
    let unknown = read(&mut sandbox, "-c max_wal_sise=1");
    assert!(!unknown.status.success() && said(&unknown).contains("max_wal_sise"), "{}", said(&unknown));
    // A user that is not there cannot be given the password, and nothing is started then.
    let stranger =
        instead(&mut sandbox, &pod, &["sh", "-c", "POSTGRES_USER=stranger exec sh /etc/postgresql/start.sh"]);
    assert!(!stranger.status.success() && said(&stranger).contains("stranger"), "{}", said(&stranger));
    assert!(!said(&stranger).contains("pass$word"), "the password is in the log");
}
