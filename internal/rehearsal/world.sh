# Enters the world that is described in the folder $1, as the engine or as the user.
set -e
world=$1 as=$2
shift 2
mount --bind "$world/resolv.conf" "$(readlink -f /etc/resolv.conf)"
mount --bind "$world/authorities.pem" "$(readlink -f /etc/ssl/certs/ca-certificates.crt)"
mount --bind "$world/passwd" /etc/passwd
mount --bind "$world/group" /etc/group
mount --bind "$world/home" /home
if [ "$as" = engine ]; then
	exec "$@"
fi
# The engine's socket is in its usual place, unless the engine is elsewhere. It comes
# from a folder that is hidden then.
: >"$world/docker.sock"
mount --bind "$(readlink -f "$world/socket")" "$world/docker.sock"
mount -t tmpfs tmpfs /run
if [ "$as" = login ] || [ ! -e "$world/elsewhere" ]; then
	: >/run/docker.sock
	mount --bind "$world/docker.sock" /run/docker.sock
fi
path=/home/bin:/usr/local/bin:/usr/bin:/bin
become() {
	exec setpriv --reuid=builder --regid=builder --init-groups \
		env -i HOME=/home/builder USER=builder LANG=C.UTF-8 "$@"
}
if [ "$as" = login ]; then
	# The home is the user's own, but the engine is here.
	become PATH="$path" DOCKER_CONTEXT=default "$@"
fi
# What was compiled already is there, and what the user compiles is theirs. Modules keep
# their path, on which what was compiled from them depends.
mount -t overlay overlay -o "lowerdir=$(readlink -f "$world/compiled"),upperdir=$world/upper,workdir=$world/work" /home/go
chown builder /home/go /home/go/*/
mkdir -p "$world/kept"
modules=$(readlink -f "$world/modules")
go=$(dirname "$(readlink -f "$world/go")")
mount --bind "$modules" "$world/kept"
# A folder on the way that only its owner may enter is hidden by one that everyone may.
at=
IFS=/
for part in $modules; do
	at=${at%/}/$part
	[ -d "$at" ] || break
	if [ $(($(stat -c %a "$at") % 2)) = 0 ]; then
		mount -t tmpfs -o mode=755 tmpfs "$at"
		break
	fi
done
unset IFS
mkdir -p "$modules"
mount --bind -o ro "$world/kept" "$modules"
cd /home/builder/project
become PATH="$path:$go" GOMODCACHE="$modules" GOCACHE=/home/go GOPROXY=off GOFLAGS=-mod=readonly "$@"
