// Drives a Xero simulator with Xero's own SDK: node drive.mjs http://127.0.0.1:PORT
//
// The SDK is an independent decoder made by Xero. What it reads out of the
// simulator's answers is what it would read out of Xero's. The script stops
// with a failed assertion at the first difference.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const base = process.argv[2];
if (!base) {
  console.error("usage: node drive.mjs BASE_URL");
  process.exit(2);
}

// axios and openid-client must be the copies that the SDK itself resolves.
const require = createRequire(import.meta.url);
const fromSDK = createRequire(require.resolve("xero-node"));
const { XeroClient, Invoice, Contact, PurchaseOrder, Payment, LineAmountTypes } = require("xero-node");
const { Issuer } = fromSDK("openid-client");
const axiosModule = fromSDK("axios");
const axios = axiosModule.default ?? axiosModule;

// The SDK has these hosts built in; the simulator serves all three at one address.
const hosts = ["https://api.xero.com", "https://identity.xero.com", "https://login.xero.com"];
axios.interceptors.request.use((config) => {
  for (const host of hosts) {
    if (config.url?.startsWith(host)) config.url = base + config.url.slice(host.length);
  }
  return config;
});

const redirect = "http://localhost:5000/callback";
const xero = new XeroClient({
  clientId: "sdk-client",
  clientSecret: "sdk-secret",
  redirectUris: [redirect],
  scopes: "openid profile email offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings".split(" "),
  state: "opaque-state",
});
const issuer = new Issuer({
  issuer: "https://identity.xero.com",
  authorization_endpoint: `${base}/identity/connect/authorize`,
  token_endpoint: `${base}/connect/token`,
  revocation_endpoint: `${base}/connect/revocation`,
  jwks_uri: `${base}/.well-known/openid-configuration/jwks`,
});
xero.openIdClient = new issuer.Client({ client_id: "sdk-client", client_secret: "sdk-secret", redirect_uris: [redirect] });
xero.accountingApi.basePath = `${base}/api.xro/2.0`;

async function step(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(`not ok ${name}`);
    throw error;
  }
}

// The SDK rejects with a JSON string, or with an object on calls of its own.
async function refused(promise) {
  try {
    await promise;
  } catch (error) {
    return typeof error === "string" ? JSON.parse(error) : error;
  }
  assert.fail("the call should have been refused");
}

async function control(path, body) {
  const answer = await fetch(`${base}/_sim/${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
}

let tenant;
const api = xero.accountingApi;

await step("consent and token", async () => {
  const consent = await xero.buildConsentUrl();
  const page = await fetch(`${consent}&_sim_auto=1`, { redirect: "manual" });
  assert.equal(page.status, 302);
  const tokens = await xero.apiCallback(page.headers.get("location"));
  assert.equal(tokens.expires_in > 1700, true);
  assert.equal(tokens.claims().iss, "https://identity.xero.com");
});

await step("refresh", async () => {
  const before = xero.readTokenSet().refresh_token;
  await xero.refreshToken();
  assert.notEqual(xero.readTokenSet().refresh_token, before);
  await xero.refreshWithRefreshToken("sdk-client", "sdk-secret", xero.readTokenSet().refresh_token);
});

await step("tenants and organisation", async () => {
  const tenants = await xero.updateTenants();
  assert.equal(tenants.length, 1);
  tenant = tenants[0].tenantId;
  assert.equal(tenants[0].orgData.organisationID, tenant);
  assert.equal(tenants[0].orgData.baseCurrency, "NZD");
  assert.equal(Number.isNaN(new Date(tenants[0].orgData.createdDateUTC).getTime()), false);
});

await step("settings", async () => {
  const accounts = (await api.getAccounts(tenant, undefined, 'Class=="REVENUE"')).body.accounts;
  assert.equal(accounts.some((a) => a.code === "200" && a.taxType === "OUTPUT2"), true);
  const rates = (await api.getTaxRates(tenant)).body.taxRates;
  assert.equal(rates.find((r) => r.taxType === "OUTPUT2").effectiveRate, 15);
  const category = (await api.createTrackingCategory(tenant, { name: "Region" })).body.trackingCategories[0];
  const option = (await api.createTrackingOptions(tenant, category.trackingCategoryID, { name: "North" })).body.options[0];
  assert.ok(option.trackingOptionID);
});

let contact;
await step("contact", async () => {
  const made = await api.createContacts(tenant, { contacts: [{ name: "SDK Customer", contactNumber: "C-1", emailAddress: "sdk@example.com" }] }, false, "key-contact");
  contact = made.body.contacts[0];
  assert.equal(contact.contactStatus, Contact.ContactStatusEnum.ACTIVE);
  assert.equal(contact.addresses.length, 2);
  assert.equal(contact.phones.length, 4);
  const replayed = await api.createContacts(tenant, { contacts: [{ name: "SDK Customer", contactNumber: "C-1", emailAddress: "sdk@example.com" }] }, false, "key-contact");
  assert.equal(replayed.body.contacts[0].contactID, contact.contactID);
  const found = await api.getContacts(tenant, undefined, 'ContactNumber=="C-1"', undefined, undefined, 1);
  assert.equal(found.body.contacts.length, 1);
  assert.equal(found.body.pagination.itemCount, 1);
});

let invoice;
await step("invoice", async () => {
  const made = await api.createInvoices(
    tenant,
    {
      invoices: [
        {
          type: Invoice.TypeEnum.ACCREC,
          contact: { contactID: contact.contactID },
          invoiceNumber: "SDK-1",
          date: "2026-07-01",
          dueDate: "2026-07-20",
          status: Invoice.StatusEnum.AUTHORISED,
          lineAmountTypes: LineAmountTypes.Exclusive,
          lineItems: [
            { description: "Labour", quantity: 1, unitAmount: 25.06, accountCode: "200", tracking: [{ name: "Region", option: "North" }] },
            { description: "Cable", quantity: 1, unitAmount: 25.61, accountCode: "200" },
            { description: "Switch", quantity: 1, unitAmount: 25.63, accountCode: "200" },
          ],
        },
      ],
    },
    false,
    4,
    "key-invoice",
  );
  invoice = made.body.invoices[0];
  assert.equal(invoice.totalTax, 11.44); // per line 3.76 + 3.84 + 3.84, the example of Xero's rounding guide
  assert.equal(invoice.total, 87.74);
  assert.equal(invoice.amountDue, 87.74);
  assert.equal(invoice.lineItems[0].tracking[0].option, "North");
  assert.equal(new Date(invoice.date).toISOString().slice(0, 10), "2026-07-01");
  assert.equal(made.response.headers["x-minlimit-remaining"] !== undefined, true);

  const read = (await api.getInvoice(tenant, invoice.invoiceID, 4)).body.invoices[0];
  assert.equal(read.invoiceNumber, "SDK-1");
  const updated = await api.updateInvoice(tenant, invoice.invoiceID, { invoices: [{ reference: "PO 77" }] });
  assert.equal(updated.body.invoices[0].reference, "PO 77");
});

await step("lists", async () => {
  const since = new Date("2020-01-02T03:04:05Z");
  const page = await api.getInvoices(tenant, since, 'Type=="ACCREC"', "InvoiceNumber DESC", undefined, undefined, undefined, ["AUTHORISED", "DRAFT"], 1);
  assert.equal(page.body.invoices.length, 1);
  assert.equal(page.body.invoices[0].lineItems.length, 3);
  assert.equal(page.body.pagination.page, 1);
  const later = await api.getInvoices(tenant, new Date("2099-01-01T00:00:00Z"), undefined, undefined, undefined, undefined, undefined, undefined, 1);
  assert.equal(later.body.invoices.length, 0);
});

await step("purchase order", async () => {
  const made = await api.createPurchaseOrders(
    tenant,
    { purchaseOrders: [{ contact: { contactID: contact.contactID }, date: "2026-07-01", lineItems: [{ description: "Cable", quantity: 2.5, unitAmount: 1.2345, accountCode: "300" }] }] },
    undefined,
    false,
  );
  const order = made.body.purchaseOrders[0];
  assert.equal(order.status, PurchaseOrder.StatusEnum.DRAFT);
  assert.equal(order.lineItems[0].unitAmount, 1.2345);
  assert.equal((await api.getPurchaseOrders(tenant)).body.purchaseOrders.length, 1);
});

await step("payment", async () => {
  const made = await api.createPayments(tenant, { payments: [{ invoice: { invoiceID: invoice.invoiceID }, account: { code: "090" }, date: "2026-07-05", amount: 87.74 }] });
  assert.equal(made.body.payments[0].status, Payment.StatusEnum.AUTHORISED);
  const paid = (await api.getInvoice(tenant, invoice.invoiceID)).body.invoices[0];
  assert.equal(paid.status, Invoice.StatusEnum.PAID);
  assert.equal(paid.amountDue, 0);
  const refusal = await refused(api.updateInvoice(tenant, invoice.invoiceID, { invoices: [{ status: Invoice.StatusEnum.VOIDED }] }));
  assert.equal(refusal.response.statusCode, 400);
  await api.deletePayment(tenant, made.body.payments[0].paymentID, { status: "DELETED" });
  await api.updateInvoice(tenant, invoice.invoiceID, { invoices: [{ status: Invoice.StatusEnum.VOIDED }] });
  assert.equal((await api.getInvoice(tenant, invoice.invoiceID)).body.invoices[0].status, Invoice.StatusEnum.VOIDED);
});

await step("refusal", async () => {
  const refusal = await refused(
    api.createInvoices(tenant, { invoices: [{ type: Invoice.TypeEnum.ACCREC, contact: { contactID: contact.contactID }, invoiceNumber: "SDK-1", lineItems: [{ description: "Again", quantity: 1, unitAmount: 1, accountCode: "200" }] }] }, true),
  );
  assert.equal(refusal.response.statusCode, 400);
  assert.equal(refusal.body.Type, "ValidationException");
  assert.equal(refusal.body.Elements[0].ValidationErrors[0].Message, "Invoice # must be unique.");
});

await step("history", async () => {
  await api.createInvoiceHistory(tenant, invoice.invoiceID, { historyRecords: [{ details: "Sent from the field" }] });
  const records = (await api.getInvoiceHistory(tenant, invoice.invoiceID)).body.historyRecords;
  assert.equal(records.some((r) => r.details === "Sent from the field"), true);
});

await step("rate limit", async () => {
  await control("limits", { minute: 1 });
  await api.getCurrencies(tenant);
  const refusal = await refused(api.getCurrencies(tenant));
  assert.equal(refusal.response.statusCode, 429);
  assert.equal(refusal.response.headers["x-rate-limit-problem"], "minute");
  assert.equal(Number(refusal.response.headers["retry-after"]) > 0, true);
  await control("limits", { minute: 60 });
});

await step("disconnect and revoke", async () => {
  await xero.disconnect(xero.tenants[0].id);
  const forbidden = await refused(api.getOrganisations(tenant));
  assert.equal(forbidden.response.statusCode, 403);
  const access = xero.readTokenSet().access_token;
  await xero.revokeToken();
  api.accessToken = access;
  const refusal = await refused(api.getOrganisations(tenant));
  assert.equal(refusal.response.statusCode, 401);
});
