-- ExplanationOfBenefit → cost. Rules: docs/mapping.md#claim-and-explanationofbenefit.

select * exclude (total)
from cost_of_bill
where resource_type = 'ExplanationOfBenefit'
