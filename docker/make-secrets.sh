#!/bin/sh
# Makes what compose.yaml reads from docker/secrets, and leaves alone what is there already. Run it as root, so that each file can be
# given to the user that reads it in its container and to nobody else:
#
#   sudo sh docker/make-secrets.sh [FOLDER]
#
# Prints where the administrator's API key lies. Nothing in the folder is the same on two machines; keep a copy of key-encryption-key.
set -eu
umask 077
folder=${1:-$(dirname "$0")/secrets}
sluice=1000:1000   # the user "node" of the Sluice images
postgres=999:999   # the user of the postgres image
redis=999:999      # the user of the redis image

[ "$(id -u)" = 0 ] || { echo "make-secrets.sh: run it as root (sudo sh $0): it gives each file to the one user that reads it" >&2; exit 1; }
command -v openssl >/dev/null || { echo "make-secrets.sh: openssl is missing; install it (Debian: apt-get install openssl)" >&2; exit 1; }

word() { openssl rand -hex "$1" | tr -d '\n'; }

# keep FILE OWNER: standard input becomes the file, unless the file is there.
keep() {
  if [ -e "$folder/$1" ]; then cat >/dev/null; return; fi
  mkdir -p "$(dirname "$folder/$1")"
  cat >"$folder/$1.new"
  chown "$2" "$folder/$1.new"
  chmod 600 "$folder/$1.new"
  mv "$folder/$1.new" "$folder/$1"
}

mkdir -p "$folder"
chmod 711 "$folder"

word 24 | keep postgres-password "$postgres"
for name in ng_manager pipeline dbdevops delegate_service; do
  word 24 | keep "$name-password" "$postgres"
  printf 'postgres://%s:%s@postgres:5432/%s' "$name" "$(cat "$folder/$name-password")" "$name" | keep "$name-url" "$sluice"
done
word 24 | keep redis-password "$redis"
printf 'redis://:%s@redis:6379' "$(cat "$folder/redis-password")" | keep redis-url-gateway "$sluice"
printf 'redis://:%s@redis:6379' "$(cat "$folder/redis-password")" | keep redis-url-log-service "$sluice"
openssl rand -base64 32 | keep key-encryption-key "$sluice"

for service in gateway ng-manager pipeline dbdevops scm log-service delegate-service; do
  openssl genpkey -algorithm ed25519 | keep "keys/$service.key" "$sluice"
  openssl pkey -in "$folder/keys/$service.key" -pubout | keep "public-keys/$service.pub" "$sluice"
done
chown "$sluice" "$folder/public-keys"
chmod 700 "$folder/keys" "$folder/public-keys"

word 16 | keep account-id "$sluice"
account=$(cat "$folder/account-id")
printf '%s.%s' "$(word 11)" "$(word 24)" | keep delegate-token "$sluice"
mkdir -p "$folder/bootstrap"
if [ ! -e "$folder/administrator-api-key" ]; then
  key="pat.$account.$(word 11).$(word 24)"
  printf '{"accounts":[{"identifier":"%s","name":"Sluice","users":[{"email":"%s","name":"Administrator","role":"account_admin","apiKey":"%s"}]}],"delegateTokens":[{"account":"%s","name":"default_token","value":"%s"}]}\n' \
    "$account" "${SLUICE_ADMIN_EMAIL:-admin@sluice.local}" "$key" "$account" "$(cat "$folder/delegate-token")" | keep bootstrap/bootstrap.json "$sluice"
  printf '%s' "$key" | keep administrator-api-key "$(id -u):$(id -g)"
fi
chown "$sluice" "$folder/bootstrap"
chmod 700 "$folder/bootstrap"
echo "secrets are in $folder; the administrator's API key is in $folder/administrator-api-key"
