#!/bin/sh
# Run once by the postgres image on an empty data folder: one database and one role per service, each with the password of its own file.
set -eu
for name in ng_manager pipeline dbdevops delegate_service; do
  password=$(cat "/run/sluice/${name}-password")
  psql --username postgres --set=ON_ERROR_STOP=1 --set=role="$name" --set=password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
SQL
done
