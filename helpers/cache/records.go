package cache

import (
	"fmt"
	"strings"

	"github.com/docker/go-units"
)

// Record is one thing that a cache holds.
type Record struct {
	// ID is the record's name within its BuildKit.
	ID string
	// Type is what it is: regular (a layer), source.local, exec.cachemount,
	// frontend, internal, source.git.checkout.
	Type string
	// Description says in words where it comes from.
	Description string
	// Bytes is its size, to four digits.
	Bytes int64
	// InUse says that something needs it right now.
	InUse bool
	// Shared says that another record shares its bytes.
	Shared bool
	// Used says that the cache knows when it was last used.
	Used bool
}

// Records is what a cache holds, in no particular order.
type Records []Record

// Of keeps the records of a type.
func (r Records) Of(kind string) Records {
	return r.filter(func(record Record) bool { return record.Type == kind })
}

// About keeps the records whose description contains the text.
func (r Records) About(text string) Records {
	return r.filter(func(record Record) bool { return strings.Contains(record.Description, text) })
}

// InUse keeps the records that something needs right now.
func (r Records) InUse() Records {
	return r.filter(func(record Record) bool { return record.InUse })
}

// Used keeps the records whose last use the cache knows.
func (r Records) Used() Records {
	return r.filter(func(record Record) bool { return record.Used })
}

// AtLeast keeps the records of that many bytes or more, as far as four digits show.
func (r Records) AtLeast(bytes int64) Records {
	return r.filter(func(record Record) bool { return record.Bytes >= bytes-bytes/1000 })
}

func (r Records) filter(keep func(Record) bool) Records {
	var kept Records
	for _, record := range r {
		if keep(record) {
			kept = append(kept, record)
		}
	}
	return kept
}

// IDs returns the records' names.
func (r Records) IDs() []string {
	ids := make([]string, 0, len(r))
	for _, record := range r {
		ids = append(ids, record.ID)
	}
	return ids
}

// Bytes returns the disk space that the records take and share with no others:
// the sum that limits apply to.
func (r Records) Bytes() int64 {
	var sum int64
	for _, record := range r {
		if !record.Shared {
			sum += record.Bytes
		}
	}
	return sum
}

// String names the records for a message.
func (r Records) String() string {
	if len(r) == 0 {
		return "nothing"
	}
	const limit = 60
	texts := make([]string, 0, len(r))
	for _, record := range r {
		text := record.Description
		if len(text) > limit {
			text = text[:limit] + "…"
		}
		texts = append(texts, fmt.Sprintf("%s %q (%s)", record.Type, text, units.HumanSize(float64(record.Bytes))))
	}
	return strings.Join(texts, ", ")
}

// Parse reads what docker buildx du --verbose prints: a field on each line, the
// first of which names a record, and the sums at the end.
func Parse(text string) (Records, error) {
	var records Records
	// The text before the first record is not one: for an empty cache it is the sums.
	blocks := strings.Split("\n"+text, "\nID:")[1:]
	for _, block := range blocks {
		record, err := parseRecord("ID:" + block)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

func parseRecord(block string) (Record, error) {
	fields := map[string]string{}
	for line := range strings.SplitSeq(block, "\n") {
		// The first value for a name counts: the sums at the end repeat some names.
		if name, value, ok := strings.Cut(line, ":"); ok && fields[name] == "" {
			fields[name] = strings.TrimSpace(value)
		}
	}
	bytes, err := units.FromHumanSize(fields["Size"])
	if err != nil {
		return Record{}, fmt.Errorf("the size of record %s: %w", fields["ID"], err)
	}
	return Record{
		ID: fields["ID"], Type: fields["Type"], Description: fields["Description"], Bytes: bytes,
		InUse: fields["Reclaimable"] == "false", Shared: fields["Shared"] == "true",
		Used: fields["Last used"] != "",
	}, nil
}
