package env

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/client"
)

// Listed says which images, by id, the engine has while the run opens and has not made or
// pulled any itself. Listing them takes the engine some milliseconds for each.
func (e *Environment) Listed(images []string) { e.listed = images }

// had returns the ids of all images on the engine.
func (e *Environment) had(ctx context.Context) ([]string, error) {
	if e.listed != nil {
		return e.listed, nil
	}
	all, err := e.Client.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, one := range all {
		ids = append(ids, one.ID)
	}
	return ids, nil
}

// inspect finds out which image has the name.
func (tag *savedTag) inspect(ctx context.Context, e *Environment) error {
	if err := tag.ask(ctx, e); err != nil {
		return err
	}
	// A digest always names the same image.
	if tag.Was != "" && !strings.Contains(tag.Ref, "@") {
		tag.Backup = backupName(e.Run, tag.Ref)
	}
	return nil
}

// ask takes what another run found that saved the name before, or else asks the engine.
func (tag *savedTag) ask(ctx context.Context, e *Environment) (err error) {
	if earlier, ok := tag.savedBeside(e.Dir); ok {
		tag.Was, tag.Had = earlier.Was, earlier.Had
		return nil
	}
	if tag.Was, err = holderOf(ctx, e.Client, e.Run, tag.Ref); err == nil {
		tag.Had, err = e.had(ctx)
	}
	return err
}

// holderOf asks the engine which image has a name, and for the backup of another user's
// run, which is of the image that had the name before that run: this run can neither
// read its notes nor share its lock. Such a run makes the backup before it moves a
// name, and restores the name before it removes the backup, so as long as the name
// stays the same while the engine is asked, the answers belong together.
func holderOf(ctx context.Context, engine *client.Client, run, ref string) (string, error) {
	for {
		before, err := idOf(ctx, engine, ref)
		if err != nil {
			return "", err
		}
		backup, kept, err := backupBeside(ctx, engine, run, ref)
		if err != nil {
			return "", err
		}
		after, err := idOf(ctx, engine, ref)
		switch {
		case err != nil:
			return "", err
		case before != after:
			continue
		case kept:
			return backup, nil
		}
		return before, nil
	}
}

// idOf returns the id of the image that has a name, or empty.
func idOf(ctx context.Context, engine *client.Client, ref string) (string, error) {
	found, err := engine.ImageInspect(ctx, ref)
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	return found.ID, err
}

// backupName returns the name under which a run keeps the image that had another
// name. It says which name that was.
func backupName(run, ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return ImagePrefix(run) + fmt.Sprintf("%s:%x", backupLabel, sum[:8])
}

// backupBeside returns the image that another run on this machine, which is live
// as far as can be told, keeps for a name.
func backupBeside(ctx context.Context, engine *client.Client, run, ref string) (id string, ok bool, err error) {
	_, kept, _ := strings.Cut(backupName(run, ref), run)
	ofAnyRun := filters.NewArgs(filters.Arg("reference", imagePlace+"*"+kept))
	all, err := engine.ImageList(ctx, image.ListOptions{Filters: ofAnyRun})
	if err != nil {
		return "", false, err
	}
	for _, one := range all {
		for _, tag := range one.RepoTags {
			other, _, _ := strings.Cut(strings.TrimPrefix(tag, imagePlace), "/")
			if other != run && tag == backupName(other, ref) && IsLive(FolderOf(other)) {
				return one.ID, true, nil
			}
		}
	}
	return "", false, nil
}
