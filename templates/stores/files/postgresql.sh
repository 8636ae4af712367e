# Makes the databases where there are none, gives the user the password that the secret holds now, and becomes the server.
set -eu
configuration=/etc/postgresql/postgresql.conf

# Runs what it reads, before anybody can connect. It has to be the child of the shell, whose number is that of the last
# server: it would take that one for a server that runs.
alone() {
  exec postgres --single -D "$1" -c config_file="$configuration" -c exit_on_error=on \
    -c log_min_error_statement=panic postgres >/dev/null
}

# $1 between two of $2.
quoted() { printf '%s%s%s' "$2" "$(printf '%s' "$1" | sed "s/$2/$2$2/g")" "$2"; }

user=$(quoted "$POSTGRES_USER" '"')

# Beside its place, so that a start that was cut short is begun anew.
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.new"
  initdb --pgdata="$PGDATA.new" --username="$POSTGRES_USER" --auth-local=trust --auth-host=reject \
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums
  if [ "$POSTGRES_DATABASE" != postgres ]; then
    printf 'CREATE DATABASE %s OWNER %s\n' "$(quoted "$POSTGRES_DATABASE" '"')" "$user" | alone "$PGDATA.new"
  fi
  mv "$PGDATA.new" "$PGDATA"
fi
# Whoever gave the volume to the group may have given it this folder too, which the server refuses.
chmod 0700 "$PGDATA"

printf 'ALTER ROLE %s PASSWORD %s\n' "$user" "$(quoted "$(cat "$POSTGRES_PASSWORD_FILE")" "'")" | alone "$PGDATA"

exec postgres -D "$PGDATA" -c config_file="$configuration"
