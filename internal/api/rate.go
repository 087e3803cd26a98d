package api

import (
	"fmt"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
)

type ratesAnswer struct {
	Rates []fieldops.ClientRate `json:"rates"`
}

func (a *api) clientRates(r *request, in *byID) (ratesAnswer, error) {
	if _, err := a.DB.Client(r.Context(), in.ID); err != nil {
		return ratesAnswer{}, err
	}
	rates, err := a.DB.ClientRates(r.Context(), in.ID)
	return ratesAnswer{rates}, err
}

type setRatesInput struct {
	byID
	Body struct {
		Rates []rateInput `json:"rates"`
	}
}

type rateInput struct {
	ActivityTypeID string      `json:"activity_type_id"`
	HourlyRate     fieldops.E4 `json:"hourly_rate"`
}

func (a *api) setClientRates(r *request, in *setRatesInput) (answer ratesAnswer, err error) {
	var f fieldops.Faults
	f.Require(in.Body.Rates != nil, "rates", "Rates are required; an empty list takes them away")
	f.Require(len(in.Body.Rates) <= 500, "rates", "A client has at most 500 rates")
	rates := make([]fieldops.ClientRate, len(in.Body.Rates))
	for i, sent := range in.Body.Rates {
		id, ok := fieldops.ParseID(sent.ActivityTypeID)
		f.Require(ok, fmt.Sprintf("rates[%d].activity_type_id", i), "%q is not an id", sent.ActivityTypeID)
		rates[i] = fieldops.ClientRate{ActivityTypeID: id, HourlyRate: sent.HourlyRate}
	}
	if err := f.Err(""); err != nil {
		return answer, err
	}
	ctx := r.Context()
	err = a.DB.Write(ctx, r.Actor, func(tx *store.Tx) error {
		if err := tx.SetClientRates(ctx, in.ID, rates); err != nil {
			return err
		}
		answer.Rates, err = tx.ClientRates(ctx, in.ID)
		return err
	})
	return answer, err
}
