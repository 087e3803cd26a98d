package fieldops

// What a person can say of a document that was taken over from the former
// product, which did not know whether the accounting provider has it.
const (
	ReleaseSend = "send" // it is not there: send it as a new one
	ReleaseLink = "link" // it is there, as the document named
	ReleaseKeep = "keep" // it shall never go there
)

// Release is such a decision.
type Release struct {
	Action string `json:"action" enum:"send,link,keep"`
	XeroID string `json:"xero_id,omitempty" doc:"With link: the id of the document in Xero"`
}

// Check brings the id into its plain form and says everything that is wrong.
func (r *Release) Check() error {
	var f Faults
	switch r.Action {
	case ReleaseSend, ReleaseKeep:
		f.Require(r.XeroID == "", "xero_id", "An id of Xero belongs to link only")
	case ReleaseLink:
		id, ok := ParseID(r.XeroID)
		f.Require(ok && id != NilID, "xero_id", "Give the id that the document has in Xero, as it stands in its address there")
		r.XeroID = id
	default:
		f.Add("action", "The action must be send, link or keep")
	}
	return f.Err("")
}
