//go:build faults

package faults

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/stretchr/testify/require"
)

// TestSocketsAreTheUsersAlone checks who may talk to the lab's engines.
func TestSocketsAreTheUsersAlone(t *testing.T) {
	for _, host := range theLab(t).Hosts() {
		socket := strings.TrimPrefix(host, "unix://")
		info, err := os.Stat(socket)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o007, "everybody may use %s: %s", socket, info.Mode())
		if info.Mode().Perm()&0o070 != 0 {
			folder, err := os.Stat(filepath.Dir(socket))
			require.NoError(t, err)
			require.Zero(t, folder.Mode().Perm()&0o077, "others than the user may use %s", socket)
		}
	}
}

// TestNothingListensOffLoopback looks at every socket of every process of the
// lab.
func TestNothingListensOffLoopback(t *testing.T) {
	listening := map[string]string{} // addresses by inode
	for _, table := range []string{"tcp", "tcp6"} {
		content, err := os.ReadFile("/proc/net/" + table)
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			fields := strings.Fields(line)
			if len(fields) > 9 && fields[3] == "0A" {
				listening["socket:["+fields[9]+"]"] = fields[1]
			}
		}
	}
	cache := filepath.Dir(access(t).File)
	programs, found := []string{}, 0
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	require.NoError(t, err)
	for _, link := range links {
		program, err := os.Readlink(filepath.Join(filepath.Dir(link), "../exe"))
		target, _ := os.Readlink(link)
		address, listens := listening[target]
		if err != nil || !strings.HasPrefix(program, cache) || !listens {
			continue
		}
		found++
		programs = append(programs, filepath.Base(program))
		ip := addressOf(t, address)
		require.True(t, ip.IsLoopback(), "%s listens on %s", program, ip)
	}
	require.NotZero(t, found, "no process of the lab listens, so this proves nothing")
	slices.Sort(programs)
	t.Logf("%d listeners, all on the loopback interface: %v", found, slices.Compact(programs))
}

// addressOf reads an address as the kernel writes it: each group of four bytes is
// reversed.
func addressOf(t *testing.T, text string) net.IP {
	t.Helper()
	hexadecimal, _, _ := strings.Cut(text, ":")
	bytes, err := hex.DecodeString(hexadecimal)
	require.NoError(t, err)
	for group := range slices.Chunk(bytes, 4) {
		slices.Reverse(group)
	}
	return net.IP(bytes)
}

// TestNobodyMayWriteTheCache looks for files of the lab that anyone but the user
// may change.
func TestNobodyMayWriteTheCache(t *testing.T) {
	cache := filepath.Dir(access(t).File)
	looked := 0
	for _, part := range []string{"bin", "apt", "registry", "images", "packages", "docker-config", "lab.json", "testbed.json", "daemon.json"} {
		err := filepath.WalkDir(filepath.Join(cache, part), func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			if err != nil {
				return err
			}
			looked++
			if info.Mode().Type()&fs.ModeSymlink == 0 && info.Mode().Perm()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0 {
				return fmt.Errorf("everybody may write %s: %s", path, info.Mode())
			}
			return nil
		})
		require.NoError(t, err)
	}
	t.Logf("%d files and folders looked at", looked)
}

// TestTheMirrorTakesNothing tries to write to the mirror, as every process on
// this machine may try.
func TestTheMirrorTakesNothing(t *testing.T) {
	mirror := access(t).Testbed.Mirror
	image, err := random.Image(64, 1)
	require.NoError(t, err)
	before, err := crane.Digest(mirror.Address+"/library/busybox", crane.Insecure)
	require.NoError(t, err)

	for _, ref := range []string{"library/busybox:latest", "somebody/elses:1"} {
		err := crane.Push(image, mirror.Address+"/"+ref, crane.Insecure)
		require.Error(t, err, "anybody may write %s", ref)
		t.Log(err)
	}
	require.Error(t, crane.Delete(mirror.Address+"/library/busybox@"+before, crane.Insecure), "anybody may delete busybox")

	after, err := crane.Digest(mirror.Address+"/library/busybox", crane.Insecure)
	require.NoError(t, err)
	require.Equal(t, before, after)
	folder, err := os.Stat(filepath.Dir(mirror.Push))
	require.NoError(t, err)
	require.Zero(t, folder.Mode().Perm()&0o077, "others than the user may write by %s", mirror.Push)
}

// TestUnverifiedModulesAreRefused asks for a release that the lab has no checksum
// for, while the go command must not ask for one.
func TestUnverifiedModulesAreRefused(t *testing.T) {
	command := inLab("lab", "up", "--buildkit", "v0.29.0")
	command.Env = append(command.Env, "GOSUMDB=off")
	requireOneLine(t, command, "GOSUMDB=off")
}
