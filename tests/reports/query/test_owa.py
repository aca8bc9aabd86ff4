"""Everything that Open Web Analytics counts and groups by is had, or there is a reason why not."""

from __future__ import annotations

from reports.query import DIMENSIONS, METRICS
from reports.query.cannot import CANNOT_DIMENSIONS, CANNOT_METRICS

OWA_METRICS = """
pageViews uniqueVisitors visitors visits newVisitors repeatVisitors bounces bounceRate visitDuration uniquePageViews
pagesPerVisit actions uniqueActions actionsValue actionsPerVisit feedRequests feedReaders feedSubscriptions
goalCompletionsAll goalStartsAll goalValueAll goalConversionRateAll goalAbandonRateAll transactions transactionRevenue
taxRevenue shippingRevenue lineItemQuantity lineItemRevenue uniqueLineItems revenuePerTransaction revenuePerVisit
ecommerceConversionRate domClicks
"""
OWA_GOALS = [f"goal{number}{what}" for number in range(1, 16) for what in ("Completions", "Starts", "Value")]
OWA_DIMENSIONS = """
date day month year dayofweek dayofyear weekofyear siteId siteDomain siteName visitorId userName userEmail
isRepeatVisitor isNewVisitor sessionId timeSinceLastVisit entryPageUrl entryPagePath entryPageTitle entryPageType
exitPageUrl exitPagePath exitPageTitle exitPageType daysSinceLastVisit daysSinceFirstVisit priorVisitCount
pagesViewsInVisit revenueInVisit itemRevenueInVisit shippingRevenueInVisit taxRevenueInVisit transactionsInVisit
itemQuantityInVisit distinctItemsInVisit goalsInVisit goalStartsInVisit goalValueInVisit browserVersion browserType
osType language city country latitude longitude countryCode stateRegion ipAddress hostName medium source campaign ad
adType referralPageUrl referralPageTitle referralSearchTerms referralLinkText isSearchEngine referralWebSite
latestAttributions priorPageUrl priorPagePath priorPageTitle priorPageType pageUrl pagePath pageTitle pageType
actionName actionGroup actionLabel productName productSku productCategory transactionOriginator transactionId
transactionGateway daysToTransaction visitsToTransaction timestamp domElementId domElementName domElementText
domElementValue domElementTag domElementClass feedType
customVarName1 customVarName2 customVarName3 customVarName4 customVarName5
customVarValue1 customVarValue2 customVarValue3 customVarValue4 customVarValue5
"""


def test_every_metric_of_owa_is_had_or_there_is_a_reason() -> None:
    had = {name for metric in METRICS.values() for name in metric.owa}

    assert [
        name for name in (*OWA_METRICS.split(), *OWA_GOALS) if (name in had) == (name in CANNOT_METRICS)
    ] == []


def test_every_dimension_of_owa_is_had_or_there_is_a_reason() -> None:
    had = {name for dimension in DIMENSIONS.values() for name in dimension.owa}

    assert [name for name in OWA_DIMENSIONS.split() if (name in had) == (name in CANNOT_DIMENSIONS)] == []


def test_no_name_of_owa_is_claimed_twice_or_made_up() -> None:
    claimed = [name for metric in METRICS.values() for name in metric.owa]
    grouped = [name for dimension in DIMENSIONS.values() for name in dimension.owa]

    assert sorted(claimed) == sorted(set(claimed) & set(OWA_METRICS.split()))
    assert sorted(grouped) == sorted(set(grouped) & set(OWA_DIMENSIONS.split()))


def test_faults_of_owa_that_are_put_right_are_said_to_be() -> None:
    for name in ("visitors", "returning_visitors", "goal_abandon_rate", "products"):
        assert "OWA" in METRICS[name].remark

    assert "OWA" in DIMENSIONS["item_revenue_in_visit"].remark
