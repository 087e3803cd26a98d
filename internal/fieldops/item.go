package fieldops

// Item is material that the firm buys and sells. Its stock level is the sum of
// its movements.
type Item struct {
	ID               ID      `json:"id"`
	XeroItemID       *string `json:"xero_item_id"`
	Code             string  `json:"code"`
	Name             string  `json:"name"`
	Description      *string `json:"description"`
	PurchasePrice    E4      `json:"purchase_price"`
	SalePrice        E4      `json:"sale_price"`
	StockLevel       E4      `json:"stock_level"`
	IsTracked        bool    `json:"is_tracked"`
	AssetAccount     *string `json:"inventory_asset_account_code"`
	SalesAccount     *string `json:"sales_account_code"`
	PurchasesAccount *string `json:"purchase_account_code"`
	IsActive         bool    `json:"is_active"`
	CreatedAt        Time    `json:"created_at"`
	UpdatedAt        Time    `json:"updated_at"`
}

// StockMovement is one change of an item's stock level.
type StockMovement struct {
	ID        ID     `json:"id"`
	ItemID    ID     `json:"item_id"`
	Quantity  E4     `json:"quantity"` // less than 0 when stock went away
	Reason    string `json:"reason"`
	Actor     string `json:"actor"`
	CreatedAt Time   `json:"created_at"`
}

// MaxStock is the largest stock level.
const MaxStock E4 = 999_999_999_9999

// Check refuses an item that breaks a rule, naming every broken one. The lengths
// are the provider's
// (https://developer.xero.com/documentation/api/accounting/items).
func (i *Item) Check() error {
	var f Faults
	required(&f, "code", "Code", i.Code)
	atMost(&f, "code", "Code", 30, &i.Code)
	f.Require(!hasControl(i.Code), "code", "Code must be one line")
	required(&f, "name", "Name", i.Name)
	atMost(&f, "name", "Name", 50, &i.Name)
	atMost(&f, "description", "Description", MaxDescription, i.Description)
	f.Require(i.PurchasePrice >= 0 && i.PurchasePrice <= MaxE4, "purchase_price", "Purchase price must not be less than 0")
	f.Require(i.SalePrice >= 0 && i.SalePrice <= MaxE4, "sale_price", "Sale price must not be less than 0")
	CheckStock(&f, i.StockLevel)
	for _, account := range []struct {
		field string
		code  *string
	}{{"inventory_asset_account_code", i.AssetAccount}, {"sales_account_code", i.SalesAccount}, {"purchase_account_code", i.PurchasesAccount}} {
		if account.code != nil {
			checkAccount(&f, account.code, account.field)
		}
	}
	return f.Err("")
}

// CheckStock notes a stock level that cannot be.
func CheckStock(f *Faults, level E4) {
	f.Require(level >= 0 && level <= MaxStock, "stock_level", "Stock level must be between 0 and %s", MaxStock)
}

// CheckReason notes a reason that is too long.
func CheckReason(f *Faults, reason *string) { atMost(f, "reason", "Reason", 255, reason) }
