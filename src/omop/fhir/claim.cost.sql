-- Claim → cost, where no ExplanationOfBenefit says what became of it. Rules: docs/mapping.md#claim-and-explanationofbenefit.

select * exclude (total)
from cost_of_bill
where resource_type = 'Claim'
