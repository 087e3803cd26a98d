package fieldops

import (
	"encoding/json"
	"regexp"
)

// StoragePlace is where the bytes of files are kept.
type StoragePlace string

// The places.
const (
	PlaceLocal StoragePlace = "local" // a folder of the program
	PlaceS3    StoragePlace = "s3"    // any store that speaks S3
	PlaceDrive StoragePlace = "google-drive"
)

// StoragePlaces are all of them.
var StoragePlaces = []StoragePlace{PlaceLocal, PlaceS3, PlaceDrive}

// Label is the place as a sentence names it.
func (p StoragePlace) Label() string {
	switch p {
	case PlaceS3:
		return "S3"
	case PlaceDrive:
		return "Google Drive"
	}
	return "the local folder"
}

// What a file may be uploaded for, besides the kinds of record in the bin.
const (
	RecordCostCenter     RecordKind = "cost_center"
	RecordSafetyDocument RecordKind = "safety_document"
	RecordDocumentScan   RecordKind = "document_scan"
	RecordPreview        RecordKind = "preview" // a small picture made of another file
)

// The states of a file's preview.
const (
	PreviewNone    = "none" // there is none: it is no picture, or cannot be read
	PreviewWaiting = "waiting"
	PreviewMade    = "made"
)

// StoredFile is a file that is kept, wherever its bytes lie.
type StoredFile struct {
	ID          ID
	Path        string // begins with /uploads/: its address here, which never changes
	Place       StoragePlace
	Ref         string       // by which the place finds the bytes
	MovesTo     StoragePlace // the place it was meant for and that did not take it; "" when it is where it belongs
	MoveTries   int64
	MoveError   string
	Name        string // as the person called it
	Extension   string // what it is by its bytes
	ContentType string
	// Size and SHA256, in hexadecimal digits, are of the bytes as they came. They
	// are 0 and "" of what a former version kept, until it has been read.
	Size          int64
	SHA256        string
	Width, Height int64           // pixels, 0 for what is no picture
	Shown         json.RawMessage // the parts that are shown; nil: all of it
	Caption       string
	RecordKind    RecordKind
	RecordID      *ID // the record that it was uploaded for
	PreviewOf     *ID
	PreviewState  string
	UploadedBy    *ID
	CreatedAt     Time
	RemoveAt      Time // nothing names it any more, and its bytes go then; zero while something does
	MissingSince  Time // when the bytes were not found in their place; zero while they are
}

// Receipt is what a person gets for an upload: proof of what has arrived.
type Receipt struct {
	Path        string       `json:"url"`
	Name        string       `json:"file_name"`
	ContentType string       `json:"content_type"`
	Size        int64        `json:"size"`
	SHA256      string       `json:"sha256" doc:"Of the bytes as they came, in hexadecimal digits"`
	Place       StoragePlace `json:"stored_in" enum:"local,s3,google-drive"`
	MovesTo     StoragePlace `json:"moves_to,omitempty" doc:"Where it goes as soon as that place takes it"`
}

// Receipt is the receipt for the file.
func (f *StoredFile) Receipt() Receipt {
	return Receipt{f.Path, f.Name, f.ContentType, f.Size, f.SHA256, f.Place, f.MovesTo}
}

// Orphan is bytes in a place that no file names.
type Orphan struct {
	Place   StoragePlace
	Ref     string
	Name    string
	Size    int64
	FoundAt Time
}

// MaxCaption is how many characters a caption has at most.
const MaxCaption = 500

// Photo is a file that a timesheet shows.
type Photo struct {
	ID          ID           `json:"id"`
	URL         string       `json:"url"`
	PreviewURL  string       `json:"preview_url" doc:"A small picture; of what has none, the file itself"`
	Caption     string       `json:"caption"`
	Name        string       `json:"file_name"`
	ContentType string       `json:"content_type"`
	Size        int64        `json:"size" doc:"Bytes; 0 of what a former version kept and nobody has read yet"`
	SHA256      string       `json:"sha256"`
	Width       int64        `json:"width"`
	Height      int64        `json:"height"`
	Place       StoragePlace `json:"stored_in" enum:"local,s3,google-drive"`
	MovesTo     StoragePlace `json:"moves_to,omitempty" doc:"Where it goes as soon as that place takes it"`
	Missing     bool         `json:"missing,omitempty" doc:"Its bytes were not found where they should be"`
}

// Photo is the file as a timesheet shows it.
func (f *StoredFile) Photo() Photo {
	p := Photo{
		ID: f.ID, URL: f.Path, PreviewURL: f.Path, Caption: f.Caption, Name: f.Name, ContentType: f.ContentType, Size: f.Size, SHA256: f.SHA256,
		Width: f.Width, Height: f.Height, Place: f.Place, MovesTo: f.MovesTo, Missing: !f.MissingSince.IsZero(),
	}
	if f.PreviewState != PreviewNone {
		p.PreviewURL += "?preview"
	}
	return p
}

// photoPath is the address of a photo that this program has kept: /uploads/timesheets/2026/,
// the id of the entry that it was taken for, its own id.
var photoPath = regexp.MustCompile(`^/uploads/timesheets/\d{4}/([0-9a-f-]{36})_[0-9a-f-]{36}\.[a-z]{3,4}$`)

// TimesheetOfPhoto is the entry that the address of a photo names; ok is false when
// it is no address of a photo that this program has kept.
func TimesheetOfPhoto(path string) (timesheet ID, ok bool) {
	parts := photoPath.FindStringSubmatch(path)
	if parts == nil {
		return "", false
	}
	return ParseID(parts[1])
}
