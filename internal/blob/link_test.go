package blob_test

import (
	"testing"

	"ampedfieldops/internal/blob"
)

func TestDriveFileID(t *testing.T) {
	t.Parallel()
	const id = "1A2b3C4d5E6f7G8h9I0j-K_lMnOpQrStU"
	for link, want := range map[string]string{
		"https://drive.google.com/file/d/" + id + "/view":                             id,
		"https://drive.google.com/file/d/" + id + "/view?usp=drivesdk":                id,
		"https://drive.google.com/file/d/" + id:                                       id,
		"https://drive.google.com/a/firm.example.nz/file/d/" + id + "/edit":           id,
		"https://drive.google.com/open?id=" + id:                                      id,
		"https://drive.google.com/uc?id=" + id + "&export=download":                   id,
		"https://drive.google.com/uc?export=view&id=" + id:                            id,
		"http://drive.google.com/open?id=" + id:                                       id,
		"https://drive.usercontent.google.com/download?id=" + id + "&export=download": id,
		"https://drive.google.com/drive/folders/" + id:                                "",
		"https://drive.google.com/file/d/short/view":                                  "",
		"https://drive.google.com/open?id=" + id + "%2F..%2F":                         "",
		"https://drive.google.com.evil.example/file/d/" + id + "/view":                "",
		"https://evil.example/file/d/" + id + "/view":                                 "",
		"ftp://drive.google.com/file/d/" + id + "/view":                               "",
		"/uploads/timesheets/2026/a.jpg":                                              "",
		"":                                                                            "",
		"https://drive.google.com/a":                                                  "",
		"https://drive.google.com/a/x":                                                "",
		"://":                                                                         "",
	} {
		if got, ok := blob.DriveFileID(link); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", link, got, ok)
		}
	}
}

func TestS3Key(t *testing.T) {
	t.Parallel()
	const bucket = "firm-files"
	for link, want := range map[string]string{
		"https://firm-files.s3.amazonaws.com/uploads/a.jpg":                                        "uploads/a.jpg",
		"https://firm-files.s3.ap-southeast-2.amazonaws.com/uploads/a.jpg":                         "uploads/a.jpg",
		"https://firm-files.s3-ap-southeast-2.amazonaws.com/uploads/a.jpg":                         "uploads/a.jpg",
		"https://firm-files.s3.dualstack.ap-southeast-2.amazonaws.com/uploads/a.jpg":               "uploads/a.jpg",
		"https://firm-files.s3.cn-north-1.amazonaws.com.cn/uploads/a.jpg":                          "uploads/a.jpg",
		"https://s3.amazonaws.com/firm-files/uploads/a.jpg":                                        "uploads/a.jpg",
		"https://s3.ap-southeast-2.amazonaws.com/firm-files/uploads/a%20b.jpg?X-Amz-Signature=abc": "uploads/a b.jpg",
		"http://firm-files.s3.amazonaws.com/a":                                                     "a",
		"https://other.s3.amazonaws.com/uploads/a.jpg":                                             "",
		"https://s3.amazonaws.com/other/uploads/a.jpg":                                             "",
		"https://s3.amazonaws.com/firm-files/":                                                     "",
		"https://firm-files.s3.amazonaws.com/":                                                     "",
		"https://firm-files.s3.amazonaws.com.evil.example/a":                                       "",
		"https://firm-files.ec2.amazonaws.com/a":                                                   "",
		"https://evil.example/firm-files/a":                                                        "",
		"s3://firm-files/a":                                                                        "",
		"/uploads/a.jpg":                                                                           "",
	} {
		if got, ok := blob.S3Key(link, bucket); ok != (want != "") || ok && got != want {
			t.Errorf("%s: %q, %v", link, got, ok)
		}
	}
	if key, ok := blob.S3Key("https://s3.amazonaws.com//a", ""); ok {
		t.Errorf("without a bucket: %q", key)
	}
}

func TestS3KeyOfEndpoint(t *testing.T) {
	t.Parallel()
	own, err := blob.OpenS3(blob.S3Config{
		Bucket: "firm-files", AccessKeyID: "id", SecretAccessKey: "secret", Endpoint: "https://s3.example.nz:9000", LinkBase: "https://files.example.nz",
	})
	if err != nil {
		t.Fatal(err)
	}
	amazon, err := blob.OpenS3(blob.S3Config{Bucket: "firm-files", AccessKeyID: "id", SecretAccessKey: "secret", LinkBase: "https://files.example.nz"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		s    *blob.S3
		link string
		want string
	}{
		{own, "https://s3.example.nz:9000/firm-files/uploads/a.jpg?x=1", "uploads/a.jpg"},
		{own, "https://firm-files.s3.example.nz:9000/uploads/a.jpg", "uploads/a.jpg"},
		{own, "https://files.example.nz/firm-files/uploads/a.jpg?X-Amz-Signature=a", "uploads/a.jpg"},
		{own, "https://files.example.nz/uploads/a.jpg", ""},
		{own, "https://s3.amazonaws.com/firm-files/uploads/a.jpg", "uploads/a.jpg"},
		{own, "https://s3.example.nz/firm-files/uploads/a.jpg", ""},
		{amazon, "https://files.example.nz/uploads/a.jpg", "uploads/a.jpg"},
		{amazon, "https://files.example.nz/", ""},
		{amazon, "https://s3.example.nz:9000/firm-files/uploads/a.jpg", ""},
	} {
		if got, ok := c.s.Key(c.link); ok != (c.want != "") || ok && got != c.want {
			t.Errorf("%s: %q, %v", c.link, got, ok)
		}
	}
}
