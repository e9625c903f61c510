#!/bin/sh
# Proves compose.yaml and both Dockerfiles, as they are, on a Debian machine that reaches Debian's and npm's packages and no image registry. An optional test: it
# takes about half an hour and 10 GB, so `npm test` leaves it out.
#
#   apt-get install -y --no-install-recommends podman podman-compose runc netavark aardvark-dns iptables debootstrap openssl
#   npm ci && npm run build
#   sudo sh docker/try-with-podman.sh FOLDER
#
# Makes stand-ins for the three base images, builds the images, starts everything that compose.yaml names, deploys a changelog of a Git server to a database beside
# it, ends processes, stops and starts it all again, and removes what it started. It prints one line for each thing that was proven and ends with 0 when all of it
# was. Containers run in a network of their own, so no port of this machine is taken. All files are below FOLDER, which keeps the base images for the next time.
set -eu
say() { echo "try-with-podman: $*"; }
proven() { say "proven: $*"; }
fail() { say "FAILED: $*"; exit 1; }

work=${1:?name an empty folder, for example /var/tmp/sluice-podman}
checkout=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" = 0 ] || fail "run it as root"
for program in podman runc podman-compose debootstrap openssl node npm unshare ip; do
  command -v "$program" >/dev/null || fail "$program is missing, so nothing was tried; the head of this file names the packages"
done
[ -e "$checkout/tools/cli/dist/index.js" ] || fail "this checkout is not built: run npm ci and npm run build first"
mkdir -p "$work/networks"
work=$(cd "$work" && pwd)

# Limits of a container must not be above those of this shell. Without an init of systemd, cgroups are files and events are too.
cat >"$work/storage.conf" <<CONF
[storage]
driver = "overlay"
runroot = "$work/run"
graphroot = "$work/storage"
CONF
cat >"$work/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$work/networks"
CONF
export CONTAINERS_STORAGE_CONF="$work/storage.conf" CONTAINERS_CONF="$work/containers.conf" BUILDAH_FORMAT=docker BUILDAH_ISOLATION=chroot

NODE=docker.io/library/node:20.20-bookworm-slim
POSTGRES=docker.io/library/postgres:17.6-bookworm
REDIS=docker.io/library/redis:7.4-bookworm
SERVICES="dbdevops scm delegate-service log-service ng-manager pipeline gateway"

# build NAME FOLDER: an image of the Containerfile there, unless it exists.
build() { podman image exists "$1" || { say "stand-in for $1"; podman build --network host --pull-never -q -t "$1" "$2" >>"$work/build.log" 2>&1 || fail "$1 could not be built, see $work/build.log"; }; }

# What the images of the registry document of themselves and compose.yaml relies on: users, folders, first start.
base_images() {
  mkdir -p "$work/node" "$work/postgres" "$work/redis" "$work/git"
  if ! podman image exists localhost/debian-standin:1; then
    say "Debian from packages"
    debootstrap --variant=minbase bookworm "$work/rootfs" >"$work/debootstrap.log" 2>&1 || fail "debootstrap, see $work/debootstrap.log"
    tar -C "$work/rootfs" -c . | podman import - localhost/debian-standin:1 >/dev/null 2>&1
    rm -rf "$work/rootfs"
  fi
  if ! podman image exists "$NODE"; then
    cp "$(readlink -f "$(command -v node)")" "$work/node/node"
    cp -r "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$work/node/npm"
    # npm trusts what this machine trusts.
    cp /etc/ssl/certs/ca-certificates.crt "$work/node/authorities.pem"
    cat >"$work/node/Containerfile" <<'FILE'
FROM localhost/debian-standin:1
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY authorities.pem /usr/local/share/authorities.pem
ENV NODE_EXTRA_CA_CERTS=/usr/local/share/authorities.pem
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx && chmod 755 /usr/local/lib/node_modules/npm/bin/*.js && groupadd --gid 1000 node && useradd --uid 1000 --gid node --create-home node
FILE
  fi
  build "$NODE" "$work/node"
  cat >"$work/postgres/entrypoint.sh" <<'FILE'
#!/bin/sh
# As root: the folders become those of postgres, and so does this process. As postgres: the first start makes the cluster.
set -eu
if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  chmod 3775 /run/postgresql
  find "$PGDATA" /run/postgresql ! -user postgres -exec chown postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups sh "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 --auth-local=trust >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
fi
exec "$@"
FILE
  cat >"$work/postgres/Containerfile" <<'FILE'
FROM localhost/debian-standin:1
RUN groupadd --gid 999 postgres && useradd --uid 999 --gid postgres postgres && apt-get update && apt-get install -y --no-install-recommends postgresql postgresql-client && rm -rf /var/lib/apt/lists/* && for one in /usr/lib/postgresql/*/bin/*; do ln -sf "$one" /usr/local/bin/; done && mkdir -p /var/lib/postgresql/data && chown postgres:postgres /var/lib/postgresql/data
COPY entrypoint.sh /usr/local/bin/entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data
ENTRYPOINT ["sh", "/usr/local/bin/entrypoint.sh"]
CMD ["postgres", "-c", "listen_addresses=*"]
FILE
  build "$POSTGRES" "$work/postgres"
  cat >"$work/redis/Containerfile" <<'FILE'
FROM localhost/debian-standin:1
RUN groupadd --gid 999 redis && useradd --uid 999 --gid redis redis && apt-get update && apt-get install -y --no-install-recommends redis-server && rm -rf /var/lib/apt/lists/* && mkdir -p /data && chown redis:redis /data
WORKDIR /data
FILE
  build "$REDIS" "$work/redis"
  cat >"$work/git/Containerfile" <<'FILE'
FROM localhost/debian-standin:1
RUN apt-get update && apt-get install -y --no-install-recommends busybox git && rm -rf /var/lib/apt/lists/*
ENTRYPOINT ["busybox", "httpd", "-f", "-p", "8000", "-h", "/srv"]
FILE
  build localhost/git-standin:1 "$work/git"
}

sluice_images() {
  for app in $SERVICES; do
    say "image of $app"
    podman build --network host --pull-never --layers --build-arg "APP=$app" -q -t "sluice/$app:0.1.0" -f "$checkout/docker/control-plane.Dockerfile" "$checkout" >>"$work/build.log" 2>&1 || fail "the image of $app could not be built, see $work/build.log"
  done
  say "image of delegate"
  podman build --network host --pull-never --layers -q -t sluice/delegate:0.1.0 -f "$checkout/docker/delegate.Dockerfile" "$checkout" >>"$work/build.log" 2>&1 || fail "the image of the delegate could not be built, see $work/build.log"
  proven "control-plane.Dockerfile and delegate.Dockerfile build as they are"
}

compose() { podman-compose -p sluice -f "$work/docker/compose.yaml" "$@"; }
# within CONTAINER SCRIPT: as the user of its main process.
within() { podman exec "sluice_$1_1" sh -c "$2"; }
pid_of() { podman inspect -f '{{.State.Pid}}' "sluice_$1_1"; }
# until SECONDS WHAT COMMAND...: waits until the command succeeds.
until_it_is() {
  deadline=$(($(date +%s) + $1)); what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$deadline" ] || fail "$what did not come to be"
    sleep 1
  done
}

# This podman looks at the health of a container only when it is asked to, and knows no order of starts: services that come first start again until what they need is there.
all_healthy() {
  for service in postgres redis $SERVICES delegate; do
    deadline=$(($(date +%s) + 600))
    until podman healthcheck run "sluice_${service}_1" >/dev/null 2>&1; do
      [ "$(date +%s)" -lt "$deadline" ] || { podman logs --tail 20 "sluice_${service}_1" 2>&1 | cut -c1-600; fail "$service is not healthy"; }
      sleep 1
    done
  done
  until_it_is 60 "the end of the container databases" sh -c "[ \"\$(podman inspect -f '{{.State.Status}} {{.State.ExitCode}}' sluice_databases_1)\" = 'exited 0' ]"
  within postgres "psql -U postgres -Atc 'SELECT datname FROM pg_database ORDER BY 1'" | tr '\n' ' ' | grep -q 'dbdevops delegate_service ng_manager pipeline' || fail "a database is missing"
}

# What each container may do and see, by what the kernel says.
confined() {
  for service in $SERVICES delegate redis postgres; do
    case $service in redis | postgres) user=999 ;; *) user=1000 ;; esac
    status=$(cat "/proc/$(pid_of "$service")/status")
    echo "$status" | grep -Eq "^Uid:[[:space:]]+$user[[:space:]]" || fail "$service does not run as $user"
    echo "$status" | grep -q '^CapEff:.0000000000000000$' || fail "$service has capabilities"
    echo "$status" | grep -q '^NoNewPrivs:.1$' || fail "$service may gain rights"
    podman exec -u 0 "sluice_${service}_1" sh -c 'touch /x' 2>/dev/null && fail "the root of $service can be written"
    # Every file that is there can be read by its user, and what is there is what compose.yaml mounts.
    seen=$(podman exec -u "$user" "sluice_${service}_1" sh -c 'cd /run/sluice && find . -type f -exec cat {} + >/dev/null && find . -mindepth 1 -maxdepth 1 | sort | tr "\n" " "') || fail "$service cannot read its files"
    [ "$seen" = "$(expected_files "$service")" ] || fail "$service sees $seen"
    # Nobody else can: not even in the same container.
    podman exec -u 1234 "sluice_${service}_1" sh -c 'for one in $(find /run/sluice); do ! cat "$one" || exit 0; done; exit 1' >/dev/null 2>&1 && fail "another user reads the files of $service"
  done
  for volume in "log-service /var/lib/sluice/blobs 1000" "scm /var/lib/sluice/scm 1000" "delegate /var/lib/sluice/delegate 1000" "redis /data 999" "postgres /var/lib/postgresql/data 999"; do
    set -- $volume
    [ "$(within "$1" "stat -c %u $2")" = "$3" ] || fail "the volume of $1 is not its user's"
    podman exec -u "$3" "sluice_$1_1" sh -c "touch $2/.probe && rm $2/.probe" || fail "$1 cannot write its volume"
  done
}

expected_files() {
  case $1 in
    gateway | log-service) echo './public-keys ./redis-url ./service.key ' ;;
    ng-manager) echo './bootstrap ./key-encryption-key ./ng_manager-url ./public-keys ./service.key ' ;;
    pipeline) echo './pipeline-url ./public-keys ./service.key ' ;;
    dbdevops) echo './dbdevops-url ./public-keys ./service.key ' ;;
    delegate-service) echo './delegate_service-url ./public-keys ./service.key ' ;;
    scm) echo './public-keys ./service.key ' ;;
    delegate) echo './delegate-token ' ;;
    redis) echo './redis-password ' ;;
    postgres) echo './postgres-password ' ;;
  esac
}

# A database and a Git server of a customer, on the network of compose.yaml.
customer() {
  mkdir -p "$work/customer/cgi-bin" "$work/customer/source"
  git init -q --bare --initial-branch=main "$work/customer/orders.git"
  git -C "$work/customer/source" init -q --initial-branch=main
  changeset 1
  printf '#!/bin/sh\nexport GIT_PROJECT_ROOT=/srv GIT_HTTP_EXPORT_ALL=1\nexec git -c safe.directory=* http-backend\n' >"$work/customer/cgi-bin/git"
  chmod 755 "$work/customer/cgi-bin/git"
  printf '%s' customer-password >"$work/customer-password"
  chown 999:999 "$work/customer-password"
  podman run -d --name sluice_customer-database_1 --network sluice_default --network-alias customer-database -e POSTGRES_PASSWORD_FILE=/password -v "$work/customer-password:/password:ro" "$POSTGRES" >/dev/null
  podman run -d --name sluice_customer-git_1 --network sluice_default --network-alias customer-git -v "$work/customer:/srv:ro" localhost/git-standin:1 >/dev/null
  until_it_is 120 "the customer's database" podman exec sluice_customer-database_1 pg_isready -h 127.0.0.1 -U postgres
}

# changeset N: the changelog gets one more, which makes table tN.
changeset() {
  source="$work/customer/source"
  [ -e "$source/changelog.sql" ] || echo '--liquibase formatted sql' >"$source/changelog.sql"
  printf -- '--changeset try:%s\nCREATE TABLE t%s (id int);\n' "$1" "$1" >>"$source/changelog.sql"
  git -C "$source" add changelog.sql
  git -C "$source" -c user.name=Try -c user.email=try@example.com commit -q -m "Changeset $1"
  git -C "$source" push -q "$work/customer/orders.git" main
}
# What the database says of itself, not what was said of it.
applied_are() { applied=$(applied); [ "$applied" = "$1" ] || fail "changesets \"$1\" should be applied, not \"$applied\""; }
applied() { podman exec sluice_customer-database_1 psql -U postgres -Atc 'SELECT id FROM databasechangelog ORDER BY orderexecuted' | tr '\n' ' '; }

deploy() {
  SLUICE_API_KEY=$(cat "$work/docker/secrets/administrator-api-key") CUSTOMER_PASSWORD=customer-password timeout 900 node "$checkout/tools/sluice.mjs" deploy --server http://127.0.0.1:8080 --name try \
    --repo http://customer-git:8000/cgi-bin/git/orders.git --changelog changelog.sql --url jdbc:postgresql://customer-database:5432/postgres --username postgres --password-env CUSTOMER_PASSWORD >>"$work/deploy.log" 2>&1
}

# A process ends: its container comes back by itself, and what it does works again.
comes_back() {
  before=$(pid_of "$1")
  kill -9 "$before"
  until_it_is 120 "$1 with another process" sh -c "now=\$(podman inspect -f '{{.State.Pid}}' sluice_$1_1); [ \"\$now\" != 0 ] && [ \"\$now\" != $before ]"
}

end() { podman rm -f -v sluice_customer-database_1 sluice_customer-git_1 >/dev/null 2>&1 || true; compose down --volumes >"$work/down.log" 2>&1 || say "not everything could be removed, see $work/down.log"; }

composition() {
  ip link set lo up
  rm -rf "$work/docker" "$work/customer"
  cp -r "$checkout/docker" "$work/docker"
  rm -rf "$work/docker/secrets"
  sh "$work/docker/make-secrets.sh" >"$work/secrets.log"
  trap end EXIT
  trap 'exit 1' INT TERM
  for start in first second; do
    say "$start start"
    compose up -d --no-build >"$work/up-$start.log" 2>&1 || fail "compose up, see $work/up-$start.log"
    all_healthy
    proven "$start start: all services are healthy, each has its database"
    confined
    proven "$start start: each container runs as its user, without capabilities, with a root that cannot be written; it reads its own files, nobody else does; its volume is its own"
    if [ "$start" = first ]; then
      rm "$work/docker/secrets/bootstrap/bootstrap.json"
      customer
    else
      podman start sluice_customer-database_1 sluice_customer-git_1 >/dev/null
      changeset 2
    fi
    deploy || fail "the deployment after the $start start, see $work/deploy.log"
    if [ "$start" = first ]; then applied_are '1 '; else applied_are '1 2 '; fi
    proven "$start start: a deployment through gateway and delegate ended with Success, its changesets are in the database"
    [ "$start" = second ] || { podman stop -t 1 sluice_customer-database_1 sluice_customer-git_1 >/dev/null 2>&1; compose down >"$work/down-first.log" 2>&1 || fail "compose down, see $work/down-first.log"; }
  done
  for service in $SERVICES delegate redis postgres; do comes_back "$service"; done
  all_healthy
  changeset 3
  deploy || fail "the deployment after every process was killed, see $work/deploy.log"
  applied_are '1 2 3 '
  proven "every process was killed and came back by itself; the next deployment ended with Success"
  say "all of it was proven"
}

if [ "${2:-}" = --composition ]; then composition; exit; fi
base_images
sluice_images
# Interfaces, ports and rules of the containers are in a network of their own, which goes with the last process in it.
exec unshare --net --mount sh "$0" "$work" --composition
