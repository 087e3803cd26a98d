package xerosim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// prepareItem reads an item of PUT or POST /Items.
func prepareItem(f fields) apply {
	id, _ := f.id("ItemID")
	code, _ := f.text("Code")
	name, description, purchase := f.optional("Name"), f.optional("Description"), f.optional("PurchaseDescription")
	sold, hasSold := f.flag("IsSold")
	purchased, hasPurchased := f.flag("IsPurchased")
	sales, hasSales := f.object("SalesDetails")
	purchases, hasPurchases := f.object("PurchaseDetails")
	salePrice, purchasePrice := sales.number("UnitPrice"), purchases.number("UnitPrice")
	saleAccount, saleTax := sales.optional("AccountCode"), sales.optional("TaxType")
	purchaseAccount, purchaseTax := purchases.optional("AccountCode"), purchases.optional("TaxType")

	return func(tx *transaction) (record, []string) {
		self, _ := tx.target.(*item)
		if self == nil && tx.mode == createUpdate {
			if id != "" {
				self = tx.org.item(id)
			} else {
				self = tx.org.item(code)
			}
		}
		next := item{id: newID(), sold: true, purchased: true}
		if self != nil {
			next = *self
		}
		if code != "" {
			next.code = code
		}
		set := func(into *string, given *string) {
			if given != nil {
				*into = *given
			}
		}
		set(&next.name, name)
		set(&next.description, description)
		set(&next.purchaseDescription, purchase)
		set(&next.saleAccount, saleAccount)
		set(&next.saleTax, saleTax)
		set(&next.purchaseAccount, purchaseAccount)
		set(&next.purchaseTax, purchaseTax)
		if salePrice != nil {
			next.salePrice = roundTo(salePrice, tx.unitdp)
		}
		if purchasePrice != nil {
			next.purchasePrice = roundTo(purchasePrice, tx.unitdp)
		}
		if hasSold {
			next.sold = sold
		}
		if hasPurchased {
			next.purchased = purchased
		}
		if !next.sold && hasSales || !next.purchased && hasPurchases {
			return nil, []string{"SalesDetails and PurchaseDetails can only be set on an item that is sold or purchased"}
		}
		var problems []string
		switch other := tx.org.item(next.code); {
		case next.code == "" || len([]rune(next.code)) > 30:
			problems = append(problems, "Code must be specified and at most 30 characters")
		case other != nil && other != self:
			problems = append(problems, fmt.Sprintf("Price List Item with Code '%s' already exists", next.code))
		}
		if len([]rune(next.name)) > 50 {
			problems = append(problems, "Name must be at most 50 characters")
		}
		for _, account := range []string{next.saleAccount, next.purchaseAccount} {
			if account != "" && tx.org.accountByCode(account) == nil {
				problems = append(problems, fmt.Sprintf("Account code '%s' is not a valid code for this document.", account))
			}
		}
		if len(problems) > 0 {
			return nil, problems
		}
		next.updated = tx.now
		if self == nil {
			tx.org.items = append(tx.org.items, &next)
			return &next, nil
		}
		*self = next
		return self, nil
	}
}

func deleteItem(o *organisation, target *item) answer {
	o.items = slices.DeleteFunc(o.items, func(i *item) bool { return i == target })
	return answer{status: http.StatusNoContent}
}

const (
	maxActiveCategories = 2
	maxCategories       = 4 // archived ones included
)

// trackingLocked answers the writing calls below /TrackingCategories, which
// take a single object each.
func (s *Sim) trackingLocked(x *exchange, a *admission, now time.Time) answer {
	o := a.org
	var f fields
	problem := &payloadProblem{}
	if x.method != http.MethodDelete {
		var elements []fields
		plural := "TrackingCategories"
		if len(x.segments) > 2 {
			plural = "Options"
		}
		if elements, problem = parsePayload(x.body, plural); len(elements) > 0 {
			f = elements[0]
		}
	}
	if f.problem == nil {
		f.problem = problem
	}
	name, _ := f.text("Name")
	status, _ := f.enum("Status", "ACTIVE", "ARCHIVED", "DELETED")
	if problem.found() {
		return payloadAnswer(x, problem)
	}
	if len([]rune(name)) > 100 {
		return refusal(x, "Name must be at most 100 characters")
	}
	categories := func(list ...*trackingCategory) answer {
		var trees []object
		for _, c := range list {
			trees = append(trees, c.render(o, full))
		}
		return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, "TrackingCategories", trees))
	}

	if len(x.segments) == 1 {
		if x.method != http.MethodPut {
			return methodNotAllowed()
		}
		active := 0
		for _, c := range o.categories {
			if c.status == "ACTIVE" {
				active++
			}
			if strings.EqualFold(c.name, name) && c.status != "DELETED" {
				return refusal(x, "A tracking category with this name already exists")
			}
		}
		switch {
		case name == "":
			return refusal(x, "The name of the tracking category must be specified")
		case active >= maxActiveCategories || len(o.categories) >= maxCategories:
			return refusal(x, "There can be at most 2 active tracking categories, and 4 with archived ones")
		}
		made := &trackingCategory{id: newID(), name: name, status: "ACTIVE"}
		o.categories = append(o.categories, made)
		return categories(made)
	}

	found := findIn(o.categories, x.segments[1])
	if found == nil {
		return notFound()
	}
	category := found.(*trackingCategory)
	if len(x.segments) == 2 {
		switch x.method {
		case http.MethodPost:
			if name != "" {
				category.name = name
			}
			if status != "" {
				category.status = status
			}
			return categories(category)
		case http.MethodDelete:
			o.categories = slices.DeleteFunc(o.categories, func(c *trackingCategory) bool { return c == category })
			category.status = "DELETED"
			return categories(category)
		default:
			return methodNotAllowed()
		}
	}
	return serveTrackingOption(x, category, name, status, now)
}

// serveTrackingOption answers /TrackingCategories/{id}/Options[/{option id}].
func serveTrackingOption(x *exchange, category *trackingCategory, name, status string, now time.Time) answer {
	options := func(o *trackingOption) answer {
		return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, "Options", []object{category.renderOption(o)}))
	}
	if len(x.segments) == 3 {
		if x.method != http.MethodPut {
			return methodNotAllowed()
		}
		if name == "" {
			return refusal(x, "The name of the tracking option must be specified")
		}
		for _, o := range category.options {
			if strings.EqualFold(o.name, name) && o.status != "DELETED" {
				return refusal(x, "A tracking option with this name already exists in the category")
			}
		}
		made := &trackingOption{id: newID(), name: name, status: "ACTIVE"}
		category.options = append(category.options, made)
		return options(made)
	}
	i := slices.IndexFunc(category.options, func(o *trackingOption) bool { return strings.EqualFold(o.id, x.segments[3]) })
	if i < 0 {
		return notFound()
	}
	option := category.options[i]
	switch x.method {
	case http.MethodPost:
		if name != "" {
			option.name = name
		}
		if status != "" {
			option.status = status
		}
	case http.MethodDelete:
		option.status = "DELETED"
		category.options = slices.Delete(category.options, i, i+1)
	default:
		return methodNotAllowed()
	}
	return options(option)
}
