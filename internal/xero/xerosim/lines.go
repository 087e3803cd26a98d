package xerosim

import (
	"fmt"
	"math/big"
	"strings"
)

// line is one line item of a document.
type line struct {
	id, description       string
	quantity, unitAmount  *big.Rat // nil on a line that is a description only
	itemCode, accountCode string
	taxType               string
	taxAmount, lineAmount *big.Rat
	discountRate          *big.Rat
	discountAmount        *big.Rat
	tracking              []trackingRef
}

type trackingRef struct {
	category *trackingCategory
	option   *trackingOption
}

// lineInput is a line of a request; nil means not given.
type lineInput struct {
	id                             string
	description, itemCode, taxType *string
	accountCode, accountID         *string
	quantity, unitAmount           *big.Rat
	taxAmount, lineAmount          *big.Rat
	discountRate, discountAmount   *big.Rat
	tracking                       []trackingInput
	hasTracking                    bool
}

type trackingInput struct{ categoryID, optionID, category, option string }

func parseLines(f fields) ([]lineInput, bool) {
	members, given := f.list("LineItems")
	lines := make([]lineInput, 0, len(members))
	for _, m := range members {
		in := lineInput{
			quantity: m.number("Quantity"), unitAmount: m.number("UnitAmount"), taxAmount: m.number("TaxAmount"),
			lineAmount: m.number("LineAmount"), discountRate: m.number("DiscountRate"), discountAmount: m.number("DiscountAmount"),
			description: m.optional("Description"), itemCode: m.optional("ItemCode"), taxType: m.optional("TaxType"),
			accountCode: m.optional("AccountCode"),
		}
		in.id, _ = m.id("LineItemID")
		if id, given := m.id("AccountID"); given {
			in.accountID = &id
		}
		var tracking []fields
		tracking, in.hasTracking = m.list("Tracking")
		for _, t := range tracking {
			var ref trackingInput
			ref.categoryID, _ = t.id("TrackingCategoryID")
			ref.optionID, _ = t.id("TrackingOptionID")
			ref.category, _ = t.text("Name")
			ref.option, _ = t.text("Option")
			in.tracking = append(in.tracking, ref)
		}
		lines = append(lines, in)
	}
	return lines, given
}

func (f fields) optional(name string) *string {
	if value, given := f.text(name); given {
		return &value
	}
	return nil
}

// lineRules are what differs between documents.
type lineRules struct {
	amountTypes string // Exclusive, Inclusive or NoTax
	unitdp      int    // unit amounts are rounded to this many decimals
	discounts   bool   // DiscountRate and DiscountAmount are allowed
	sales       bool   // defaults come from an item's sales details
}

// buildLine applies a line of a request to the line it replaces (a zero line
// for a new one) and computes its amounts after Xero's rounding guide: the unit
// amount is rounded first, then the line amount, then the tax of the line.
func (o *organisation) buildLine(previous line, in lineInput, rules lineRules) (line, []string) {
	next := previous
	var problems []string
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if in.description != nil {
		next.description = *in.description
		if len([]rune(next.description)) > 4000 {
			refuse("The description of a line must be at most 4000 characters")
		}
	}
	if in.quantity != nil {
		next.quantity = roundTo(in.quantity, 4)
	}
	if in.unitAmount != nil {
		next.unitAmount = roundTo(in.unitAmount, rules.unitdp)
	}
	if in.discountRate != nil {
		next.discountRate, next.discountAmount = in.discountRate, nil
	}
	if in.discountAmount != nil {
		next.discountAmount, next.discountRate = roundTo(in.discountAmount, 2), nil
	}
	if in.accountCode != nil {
		next.accountCode = *in.accountCode
	}
	if in.accountID != nil {
		if a := o.accountByID(*in.accountID); a != nil {
			next.accountCode = a.code
		} else {
			refuse("Account ID '%s' is not a valid ID for this document.", *in.accountID)
		}
	}
	if in.taxType != nil {
		next.taxType = *in.taxType
	} else if in.accountCode != nil && *in.accountCode != previous.accountCode {
		next.taxType = "" // the default of the new account
	}
	if in.itemCode != nil {
		next.itemCode = *in.itemCode
		if next.itemCode != "" {
			if problem := o.fillFromItem(&next, in, rules); problem != "" {
				problems = append(problems, problem)
			}
		}
	}
	if in.hasTracking {
		next.tracking = o.trackingOf(in.tracking)
		if len(in.tracking) > 2 {
			refuse("A line can have at most 2 tracking categories")
		}
	}
	problems = append(problems, o.settleTax(&next, rules)...)
	problems = append(problems, o.settleAmounts(&next, in, rules)...)
	return next, problems
}

// fillFromItem takes what the request left open from the price list.
func (o *organisation) fillFromItem(next *line, in lineInput, rules lineRules) string {
	i := o.item(next.itemCode)
	if i == nil {
		return fmt.Sprintf("Item code '%s' is not valid for this document.", next.itemCode)
	}
	next.itemCode = i.code
	price, account, tax, description := i.salePrice, i.saleAccount, i.saleTax, i.description
	if !rules.sales {
		price, account, tax, description = i.purchasePrice, i.purchaseAccount, i.purchaseTax, i.purchaseDescription
	}
	if in.description == nil && next.description == "" {
		next.description = description
	}
	if in.unitAmount == nil && price != nil {
		next.unitAmount = roundTo(price, rules.unitdp)
	}
	if in.accountCode == nil && in.accountID == nil && next.accountCode == "" {
		next.accountCode = account
	}
	if in.taxType == nil && next.taxType == "" {
		next.taxType = tax
	}
	return ""
}

// trackingOf finds the options. Unknown and archived ones are dropped without
// a word, as Xero has been seen to do (XeroAPI/xero-node issue 516).
func (o *organisation) trackingOf(refs []trackingInput) []trackingRef {
	var found []trackingRef
	for _, ref := range refs {
		for _, category := range o.categories {
			if category.status != "ACTIVE" || category.id != ref.categoryID && (ref.category == "" || !strings.EqualFold(category.name, ref.category)) {
				continue
			}
			for _, option := range category.options {
				if option.status == "ACTIVE" && (option.id == ref.optionID || ref.option != "" && strings.EqualFold(option.name, ref.option)) {
					found = append(found, trackingRef{category, option})
				}
			}
		}
	}
	return found
}

func (l *line) descriptionOnly() bool {
	return l.quantity == nil && l.unitAmount == nil && l.itemCode == "" && l.lineAmount == nil
}

// settleTax checks account and tax type against each other and fills the tax
// type from the account.
func (o *organisation) settleTax(next *line, rules lineRules) []string {
	var problems []string
	var account *account
	if next.accountCode != "" {
		account = o.accountByCode(next.accountCode)
		switch {
		case account == nil:
			problems = append(problems, fmt.Sprintf("Account code '%s' is not a valid code for this document.", next.accountCode))
		case account.lineUse() != "":
			problems = append(problems, account.lineUse())
			account = nil
		}
	}
	if rules.amountTypes == "NoTax" {
		next.taxType = "NONE"
		return problems
	}
	if next.taxType == "" && account != nil {
		next.taxType = account.taxType
	}
	if next.taxType == "" {
		return problems
	}
	rate := o.taxRate(next.taxType)
	switch {
	case rate == nil || rate.status != "ACTIVE":
		problems = append(problems, fmt.Sprintf("The TaxType code %s does not exist or cannot be used for this type of transaction.", next.taxType))
	case account != nil && !rate.appliesTo(account.class()):
		problems = append(problems, fmt.Sprintf("The TaxType code '%s' cannot be used with account code '%s'.", next.taxType, next.accountCode))
	default:
		next.taxType = rate.taxType
	}
	return problems
}

func (o *organisation) settleAmounts(next *line, in lineInput, rules lineRules) []string {
	var problems []string
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if (in.discountRate != nil || in.discountAmount != nil) && !rules.discounts && (orZero(in.discountRate).Sign() != 0 || orZero(in.discountAmount).Sign() != 0) {
		refuse("Discounts are not supported on this type of document")
		next.discountRate, next.discountAmount = nil, nil
	}
	if next.discountRate != nil && (next.discountRate.Sign() < 0 || next.discountRate.Cmp(hundred) > 0) {
		refuse("Discount rate must be between 0 and 100")
	}
	if next.unitAmount == nil && in.lineAmount != nil {
		if next.quantity == nil {
			next.quantity = one
		}
		if next.quantity.Sign() != 0 {
			next.unitAmount = roundTo(quo(in.lineAmount, next.quantity), rules.unitdp)
		}
	}
	if next.unitAmount != nil && next.quantity == nil {
		next.quantity = one
	}
	if next.quantity != nil && next.unitAmount == nil {
		next.unitAmount = zero
	}
	if next.unitAmount == nil {
		if strings.TrimSpace(next.description) == "" {
			refuse("The line item must have a description, an item code or an amount")
		}
		next.lineAmount, next.taxAmount = nil, nil
		return problems
	}
	gross := mul(next.quantity, next.unitAmount)
	amount := gross
	switch {
	case next.discountRate != nil:
		amount = quo(mul(gross, sub(hundred, next.discountRate)), hundred)
	case next.discountAmount != nil:
		if next.discountAmount.Cmp(gross) > 0 {
			refuse("Discount amount cannot be greater than the line amount")
		}
		amount = sub(gross, next.discountAmount)
	}
	next.lineAmount = roundTo(amount, 2)
	if in.lineAmount != nil && roundTo(in.lineAmount, 2).Cmp(next.lineAmount) != 0 {
		refuse("The line total %s does not match the expected line total %s", number(in.lineAmount, 2), number(next.lineAmount, 2))
	}
	if next.lineAmount.Cmp(maxLineAmount) > 0 || next.lineAmount.Cmp(new(big.Rat).Neg(maxLineAmount)) < 0 {
		refuse("The line amount must be at most 9999999999.99")
	}
	next.taxAmount = lineTax(next.lineAmount, o.percent(next.taxType), rules.amountTypes)
	if in.taxAmount != nil && rules.amountTypes != "NoTax" {
		next.taxAmount = roundTo(in.taxAmount, 2)
	}
	return problems
}

var maxLineAmount = big.NewRat(999_999_999_999, 100)

func (o *organisation) percent(taxType string) *big.Rat {
	if rate := o.taxRate(taxType); rate != nil {
		return rate.rate
	}
	return zero
}

// lineTax is the tax of one line, rounded for itself: on top of the amount when
// amounts are Exclusive, contained in it when they are Inclusive.
func lineTax(amount, percent *big.Rat, amountTypes string) *big.Rat {
	rate := quo(percent, hundred)
	switch amountTypes {
	case "Exclusive":
		return roundTo(mul(amount, rate), 2)
	case "Inclusive":
		return roundTo(quo(mul(amount, rate), add(one, rate)), 2)
	default:
		return zero
	}
}

// totals of a document, from rounded lines.
type totals struct{ subTotal, totalTax, total, discount *big.Rat }

func sumLines(lines []line, amountTypes string) totals {
	sum, tax, discount := new(big.Rat), new(big.Rat), new(big.Rat)
	for _, l := range lines {
		if l.lineAmount == nil {
			continue
		}
		sum.Add(sum, l.lineAmount)
		tax.Add(tax, orZero(l.taxAmount))
		if l.discountRate != nil || l.discountAmount != nil {
			discount.Add(discount, roundTo(sub(mul(l.quantity, l.unitAmount), l.lineAmount), 2))
		}
	}
	if amountTypes == "Inclusive" {
		sum.Sub(sum, tax)
	}
	return totals{subTotal: sum, totalTax: tax, total: add(sum, tax), discount: discount}
}

// mergeLines applies the lines of an update: a line with a known LineItemID is
// updated, one without is created, and an existing one that was not sent is
// deleted.
func (o *organisation) mergeLines(existing []line, sent []lineInput, rules lineRules) ([]line, []string) {
	byID := map[string]line{}
	for _, l := range existing {
		byID[l.id] = l
	}
	var problems []string
	merged := make([]line, 0, len(sent))
	for _, in := range sent {
		previous, known := byID[in.id]
		if in.id != "" && !known && len(existing) > 0 {
			problems = append(problems, fmt.Sprintf("The LineItemID %s does not belong to this document", in.id))
		}
		delete(byID, in.id)
		if !known {
			previous = line{id: newID()}
		}
		next, refused := o.buildLine(previous, in, rules)
		problems = append(problems, refused...)
		merged = append(merged, next)
	}
	return merged, problems
}

// approvalProblems is what keeps a document from being approved.
func approvalProblems(lines []line, taxed bool) []string {
	var problems []string
	for _, l := range lines {
		if l.descriptionOnly() {
			continue
		}
		if strings.TrimSpace(l.description) == "" {
			problems = append(problems, "Description must be specified on every line item")
		}
		if l.accountCode == "" {
			problems = append(problems, "Account code or ID must be specified")
		}
		if l.taxType == "" && taxed {
			problems = append(problems, "TaxType field is mandatory")
		}
	}
	return problems
}

func (l *line) render(o *organisation, unitdp int) object {
	tree := object{"LineItemID": l.id, "Description": l.description, "Tracking": []object{}}
	if l.lineAmount != nil {
		tree["Quantity"] = number(l.quantity, 4)
		tree["UnitAmount"] = number(l.unitAmount, unitdp)
		tree["LineAmount"] = number(l.lineAmount, 2)
		tree["TaxAmount"] = number(l.taxAmount, 2)
	}
	if l.taxType != "" {
		tree["TaxType"] = l.taxType
	}
	if l.accountCode != "" {
		tree["AccountCode"] = l.accountCode
		if a := o.accountByCode(l.accountCode); a != nil {
			tree["AccountID"] = a.id
		}
	}
	if l.itemCode != "" {
		tree["ItemCode"] = l.itemCode
		if i := o.item(l.itemCode); i != nil {
			tree["Item"] = object{"ItemID": i.id, "Code": i.code, "Name": i.name}
		}
	}
	if l.discountRate != nil {
		tree["DiscountRate"] = number(l.discountRate, 2)
	}
	if l.discountAmount != nil {
		tree["DiscountAmount"] = number(l.discountAmount, 2)
	}
	var tracking []object
	for _, t := range l.tracking {
		tracking = append(tracking, object{
			"Name": t.category.name, "Option": t.option.name,
			"TrackingCategoryID": t.category.id, "TrackingOptionID": t.option.id,
		})
	}
	if tracking != nil {
		tree["Tracking"] = tracking
	}
	return tree
}
