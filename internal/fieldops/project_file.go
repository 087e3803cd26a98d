package fieldops

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of what a file of a project is called and tagged with.
const (
	MaxFileName = 200 // characters of a name
	MaxTags     = 20  // of a file
	MaxTag      = 50  // characters of a tag
)

// The types of a file of a project, by which lists are filtered.
const (
	FileImage    = "image"
	FilePDF      = "pdf"
	FileDocument = "document"
)

// FileTypeOf is the type of a file by its extension, which its bytes have decided.
func FileTypeOf(extension string) string {
	switch extension {
	case "jpg", "jpeg", "png", "gif", "webp", "heic", "tif", "tiff":
		return FileImage
	case "pdf":
		return FilePDF
	}
	return FileDocument
}

// ProjectFile is a plan, a certificate or a letter that people find with a project
// or a cost centre. Its bytes are a stored file's.
type ProjectFile struct {
	ID           ID       `json:"id"`
	ProjectID    *ID      `json:"project_id"` // nil for a file of a cost centre alone
	CostCenterID *ID      `json:"cost_center_id"`
	FileID       ID       `json:"-"` // the stored file
	Name         string   `json:"file_name" doc:"As people call it; it can be renamed"`
	Type         string   `json:"file_type" enum:"image,pdf,document"`
	Tags         []string `json:"tags"`
	UploadedBy   *ID      `json:"uploaded_by"`
	CreatedAt    Time     `json:"created_at"`
	UpdatedAt    Time     `json:"updated_at"`
	DeletedAt    Time     `json:"deleted_at"`

	// Joined in for display.
	Path           string       `json:"file_path" doc:"The address of what is shown of it"`
	PreviewURL     string       `json:"preview_url" doc:"A small picture; empty where there is none"`
	Size           int64        `json:"file_size,string" doc:"Bytes; 0 of what a former version kept and nobody has read yet"`
	ContentType    string       `json:"mime_type"`
	SHA256         string       `json:"sha256" doc:"Of the bytes as they came, in hexadecimal digits"`
	Width          int64        `json:"width"`
	Height         int64        `json:"height"`
	Place          StoragePlace `json:"stored_in" enum:"local,s3,google-drive"`
	MovesTo        StoragePlace `json:"moves_to,omitempty" doc:"Where it goes as soon as that place takes it"`
	Missing        bool         `json:"missing,omitempty" doc:"Its bytes were not found where they should be"`
	Kind           RecordKind   `json:"kept_for" enum:"project,cost_center,safety_document,document_scan" doc:"What it was made or uploaded for"`
	UploaderName   string       `json:"uploaded_by_name"`
	ProjectCode    string       `json:"project_code"`
	ProjectName    string       `json:"project_name"`
	ClientID       *ID          `json:"client_id"`
	ClientName     string       `json:"client_name"`
	CostCenterCode string       `json:"cost_center_code"`
	CostCenterName string       `json:"cost_center_name"`
}

// Check says everything that is wrong with the file by itself, and puts its name and
// tags into the form in which they are kept: without spaces around them, each tag
// once.
func (p *ProjectFile) Check() error {
	var f Faults
	p.Name = strings.TrimSpace(p.Name)
	f.Require(p.Name != "", "file_name", "The file needs a name")
	f.Require(utf8.RuneCountInString(p.Name) <= MaxFileName, "file_name", "The name must have at most %d characters", MaxFileName)
	f.Require(oneLine(p.Name) && !strings.ContainsAny(p.Name, `/\`), "file_name", "The name must be one line without / and \\")
	tags := make([]string, 0, len(p.Tags))
	for _, tag := range p.Tags {
		tag = strings.Join(strings.Fields(tag), " ")
		if tag == "" || slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, tag) }) {
			continue
		}
		f.Require(utf8.RuneCountInString(tag) <= MaxTag && oneLine(tag) && !strings.ContainsRune(tag, ','), "tags", "A tag must have at most %d characters and no comma", MaxTag)
		tags = append(tags, tag)
	}
	f.Require(len(tags) <= MaxTags, "tags", "A file has at most %d tags", MaxTags)
	f.Require(p.ProjectID != nil || p.CostCenterID != nil, "project_id", "Say which project or cost center the file is for")
	p.Tags = tags
	return f.Err("")
}

func oneLine(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
	})
}
