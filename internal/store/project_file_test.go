package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

// storedFile is a file as paperwork gives it, of some project.
func storedFile(name, extension string, project *fieldops.ID) fieldops.StoredFile {
	id := fieldops.NewID()
	key := "projects/" + *project + "/" + id + "." + extension
	return fieldops.StoredFile{
		ID: id, Path: "/uploads/" + key, Place: fieldops.PlaceLocal, Ref: key, Name: name, Extension: extension, ContentType: "application/pdf",
		Size: 1234, SHA256: fmt.Sprintf("%064d", 1), RecordKind: fieldops.RecordProject, RecordID: project,
	}
}

// file keeps a file of the office's project.
func (o *office) file(t *testing.T, name string, tags ...string) fieldops.ProjectFile {
	t.Helper()
	stored := storedFile(name, "pdf", &o.project.ID)
	stored.UploadedBy = &o.person.ID
	f := fieldops.ProjectFile{ProjectID: &o.project.ID, Tags: tags}
	o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.KeepProjectFile(ctx, &f, &stored) })
	return f
}

func TestAFileOfAProject(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		plan := o.file(t, "Plan Whāngārei.pdf", " Switchboard ", "switchboard", "As  built")
		if plan.Name != "Plan Whāngārei.pdf" || plan.Type != fieldops.FilePDF || plan.Size != 1234 || plan.UploaderName != "Aroha" ||
			plan.ProjectName != "Rewire" || plan.ClientName != "Kōwhai Café" || !cmp.Equal(plan.Tags, []string{"Switchboard", "As built"}) {
			t.Fatalf("the file was kept as %+v", plan)
		}
		letter := o.file(t, "Letter_100%.pdf")
		for _, c := range []struct {
			name   string
			filter store.ProjectFileFilter
			want   []fieldops.ID
		}{
			{"all", store.ProjectFileFilter{}, []fieldops.ID{letter.ID, plan.ID}},
			{"of the project", store.ProjectFileFilter{ProjectID: o.project.ID}, []fieldops.ID{letter.ID, plan.ID}},
			{"of another", store.ProjectFileFilter{ProjectID: fieldops.NewID()}, nil},
			{"of the client", store.ProjectFileFilter{ClientID: o.client.ID}, []fieldops.ID{letter.ID, plan.ID}},
			{"of the cost centre", store.ProjectFileFilter{CostCenterID: o.center.ID}, nil},
			{"by type", store.ProjectFileFilter{Type: fieldops.FileImage}, nil},
			{"by tag", store.ProjectFileFilter{Tag: "AS BUILT"}, []fieldops.ID{plan.ID}},
			{"by a part of a tag", store.ProjectFileFilter{Tag: "built"}, nil},
			{"by words without marks", store.ProjectFileFilter{Search: "whangarei PLAN"}, []fieldops.ID{plan.ID}},
			{"by a tag's word", store.ProjectFileFilter{Search: "switch"}, []fieldops.ID{plan.ID}},
			{"by the client", store.ProjectFileFilter{Search: "kowhai letter"}, []fieldops.ID{letter.ID}},
			{"by what like means something by", store.ProjectFileFilter{Search: "0%."}, []fieldops.ID{letter.ID}},
			{"behind the first", store.ProjectFileFilter{AfterTime: letter.CreatedAt, AfterID: letter.ID}, []fieldops.ID{plan.ID}},
		} {
			c.filter.Limit = 10
			files, err := db.ProjectFiles(ctx, c.filter)
			var ids []fieldops.ID
			for _, f := range files {
				ids = append(ids, f.ID)
			}
			if err != nil || !cmp.Equal(ids, c.want) {
				t.Errorf("%s: %v, want %v (%v)", c.name, ids, c.want, err)
			}
		}

		o.write(t, func(ctx context.Context, tx *store.Tx) error {
			before, err := tx.LockProjectFile(ctx, plan.ID)
			if err != nil {
				return err
			}
			after := before
			after.Name, after.Tags, after.ProjectID, after.CostCenterID = "Final plan", []string{"final"}, nil, &o.center.ID
			return tx.UpdateProjectFile(ctx, &before, &after)
		})
		moved, err := db.ProjectFile(ctx, plan.ID)
		if err != nil || moved.Name != "Final plan.pdf" || moved.ProjectID != nil || moved.CostCenterCode != "CC-1" || moved.Path != plan.Path || !moved.UpdatedAt.After(plan.UpdatedAt.Time) {
			t.Errorf("after the move it is %+v, %v", moved, err)
		}
		if of, err := db.ProjectFilesOf(ctx, plan.FileID); err != nil || len(of) != 1 || of[0].ID != plan.ID {
			t.Errorf("the stored file's own are %+v, %v", of, err)
		}
		for search, want := range map[string]int{"final": 1, "whangarei": 0, "built": 0, "letter 100": 1} {
			if found, err := db.SearchProjectFiles(ctx, search, 10); err != nil || len(found) != want {
				t.Errorf("%q finds %d files, want %d (%v)", search, len(found), want, err)
			}
		}
		folders, err := db.FileFolders(ctx, 10, fieldops.Time{}, "")
		if err != nil || len(folders) != 2 || folders[0].ID() != o.project.ID || folders[0].Files != 1 || folders[1].CostCenterName != "Kitchen" {
			t.Fatalf("the folders are %+v, %v", folders, err)
		}
		if rest, err := db.FileFolders(ctx, 10, folders[0].Newest, folders[0].ID()); err != nil || len(rest) != 1 || rest[0].ID() != o.center.ID {
			t.Errorf("behind the first folder: %+v, %v", rest, err)
		}
		if works, err := db.WorksOn(ctx, o.person.ID, o.project.ID); err != nil || works {
			t.Errorf("the person works on the project before any entry: %v, %v", works, err)
		}
		o.book(t, "2026-05-04", 10_000)
		if works, err := db.WorksOn(ctx, o.person.ID, o.project.ID); err != nil || !works {
			t.Errorf("the person does not work on the project: %v, %v", works, err)
		}
	})
}

func TestAFileBelongsToSomethingThatIsThere(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		nobody := fieldops.NewID()
		for _, c := range []struct {
			file fieldops.ProjectFile
			part string
		}{
			{fieldops.ProjectFile{}, "which project or cost center"},
			{fieldops.ProjectFile{ProjectID: &nobody}, "Project does not exist"},
			{fieldops.ProjectFile{CostCenterID: &nobody}, "Cost center does not exist"},
			{fieldops.ProjectFile{ProjectID: &o.project.ID, Name: "a/b"}, "one line without /"},
			{fieldops.ProjectFile{ProjectID: &o.project.ID, Tags: []string{"a,b"}}, "no comma"},
		} {
			wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error {
				stored := storedFile("plan.pdf", "pdf", &o.project.ID)
				return tx.KeepProjectFile(ctx, &c.file, &stored)
			}), fieldops.Invalid, c.part)
		}
		if count, _, err := db.FilesIn(t.Context(), ""); err != nil || count != 0 {
			t.Errorf("%d files are written down of changes that were refused, %v", count, err)
		}
	})
}

// TestAFileGoesWithItsProjectAndItsBytesAtLast deletes a file, then its project with
// another file, and removes both for good: their bytes go then, and not before.
func TestAFileGoesWithItsProjectAndItsBytesAtLast(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		one, other := o.file(t, "one.pdf"), o.file(t, "other.pdf")
		var file, project fieldops.Deletion
		o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			if file, err = tx.Delete(ctx, fieldops.RecordProjectFile, one.ID); err != nil {
				return err
			}
			project, err = tx.Delete(ctx, fieldops.RecordProject, o.project.ID)
			return err
		})
		if file.Label != "one.pdf" || project.Counts[fieldops.RecordProjectFile] != 1 {
			t.Errorf("the file is %q in the bin, the project took %v", file.Label, project.Counts)
		}
		if found, err := db.SearchProjectFiles(ctx, "pdf", 10); err != nil || len(found) != 0 {
			t.Errorf("deleted files are found: %v, %v", found, err)
		}
		due := func() int {
			t.Helper()
			files, err := db.RemovableFiles(ctx, fieldops.At(time.Now().Add(100*24*time.Hour)), 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(files)
		}
		restore := func(d fieldops.Deletion) error {
			return o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.Restore(ctx, &d) })
		}
		wantKind(t, restore(file), fieldops.Conflict, "which is in the bin; restore that first")
		if err := restore(project); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ProjectFile(ctx, other.ID); err != nil {
			t.Errorf("the project came back without its file: %v", err)
		}
		if due() != 0 {
			t.Error("bytes of a file in the bin are to be removed")
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			project, err = tx.Delete(ctx, fieldops.RecordProject, o.project.ID)
			return err
		})
		for want, d := range []fieldops.Deletion{file, project} {
			o.write(t, func(ctx context.Context, tx *store.Tx) error {
				tx.Now = tx.Now.Add(31 * 24 * time.Hour)
				return tx.Purge(ctx, &d)
			})
			if got := due(); got != want+1 {
				t.Errorf("%d files are to be removed, want %d", got, want+1)
			}
		}
	})
}

func TestACostCentreWithFiles(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		both, alone := o.file(t, "both.pdf"), o.file(t, "alone.pdf")
		belong := func(f fieldops.ProjectFile, project *fieldops.ID) {
			t.Helper()
			o.write(t, func(ctx context.Context, tx *store.Tx) error {
				before, err := tx.LockProjectFile(ctx, f.ID)
				if err != nil {
					return err
				}
				after := before
				after.ProjectID, after.CostCenterID = project, &o.center.ID
				return tx.UpdateProjectFile(ctx, &before, &after)
			})
		}
		belong(both, &o.project.ID)
		belong(alone, nil)
		remove := func(ctx context.Context, tx *store.Tx) error { return tx.DeleteCostCenter(ctx, o.center.ID) }
		wantKind(t, o.try(t, remove), fieldops.Invalid, "1 files belong to it alone")
		var d fieldops.Deletion
		o.write(t, func(ctx context.Context, tx *store.Tx) (err error) {
			d, err = tx.Delete(ctx, fieldops.RecordProjectFile, alone.ID)
			return err
		})
		o.write(t, remove)
		if f, err := db.ProjectFile(ctx, both.ID); err != nil || f.CostCenterID != nil {
			t.Errorf("the project's file is %+v, %v", f, err)
		}
		wantKind(t, o.try(t, func(ctx context.Context, tx *store.Tx) error { return tx.Restore(ctx, &d) }), fieldops.Conflict, "cost center CC-1 Kitchen, which was deleted")
	})
}

// TestBytesOfAFileThatAnEntryShowsToo stay while either names them, as the former
// product allowed.
func TestBytesOfAFileThatAnEntryShowsToo(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		f := o.file(t, "board.jpg")
		due := func(at time.Duration) int {
			t.Helper()
			files, err := db.RemovableFiles(ctx, fieldops.At(time.Now().Add(at)), 10)
			if err != nil {
				t.Fatal(err)
			}
			return len(files)
		}
		o.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseFiles(ctx, true, f.Path) })
		if n := due(time.Minute); n != 0 {
			t.Errorf("an entry let go of them, and %d files are to be removed", n)
		}
	})
}
