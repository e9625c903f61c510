#!/bin/sh
# One database and one role per service, each with the password of its own file. Runs at every start and changes only what differs.
# PGHOST, PGUSER and the file of PGPASSWORD's value come from compose.yaml.
set -eu
PGPASSWORD=$(cat /run/sluice/postgres-password)
export PGPASSWORD
for name in ng_manager pipeline dbdevops delegate_service; do
  password=$(cat "/run/sluice/${name}-password")
  psql --quiet --dbname postgres --set=ON_ERROR_STOP=1 --set=role="$name" --set=password="$password" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
ALTER ROLE :"role" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'role', :'role') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'role') \gexec
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
