"""Where moto and DynamoDB Local are known to differ from DynamoDB: test, or test with one parameter → why.

These tests must fail there (strict xfail): a gap that is closed has to leave the list. The embedded engine has none.
Seen with moto 5.2.5 and DynamoDB Local 1.25.1.
"""

from __future__ import annotations

from typing import Final

_NOT_WHOLE: Final = "moto stores what comes before the bad item of a batch"
_CONSTANT: Final = "moto's ConsumedCapacity is a constant"
_UNCHECKED: Final = "moto does not check it"
_NAMES_ONLY: Final = "moto compares the names of keys on reading, not their types"
_LOCAL_500: Final = "DynamoDB Local answers with an InternalFailure"

GAPS: Final[dict[str, dict[str, str]]] = {
    "moto": {
        "test_26_puts_are_refused_whole": _UNCHECKED,
        "test_an_empty_batch_is_refused": _UNCHECKED,
        "test_two_puts_of_one_key_are_refused": "moto refuses two equal puts only",
        "test_put_and_delete_of_one_key_are_refused": _UNCHECKED,
        "test_an_item_of_400_kb_is_stored": "moto's limit is 405,000 bytes",
        "test_an_item_above_400_kb_refuses_the_batch": _NOT_WHOLE,
        "test_a_missing_key_attribute_refuses_the_batch": _NOT_WHOLE,
        "test_a_key_of_another_type_refuses_the_batch": _NOT_WHOLE,
        "test_a_delete_with_more_than_the_key_refuses_the_batch": _UNCHECKED,
        "test_a_key_too_long_refuses_the_batch": _NOT_WHOLE,
        "test_a_number_out_of_range_refuses_the_batch": _NOT_WHOLE,
        "test_39_digits_refuse_the_batch": _UNCHECKED,
        "test_numbers_come_back_without_superfluous_zeros": "moto keeps numbers as they were written",
        "test_a_value_of_two_types_refuses_the_batch": _UNCHECKED,
        "test_a_value_without_type_refuses_the_batch": _UNCHECKED,
        "test_a_request_above_16_mb_is_refused": _UNCHECKED,
        "test_units_are_started_kilobytes_of_each_item": _CONSTANT,
        "test_a_small_put_over_a_large_item_costs_the_large_one": _CONSTANT,
        "test_deleting_costs_the_size_of_the_item": _CONSTANT,
        "test_capacity_is_not_told_unasked": "moto always tells it",
        "test_reading_nothing_costs_half_a_unit": _CONSTANT,
        "test_reading_costs_a_unit_for_each_4_kb": _CONSTANT,
        "test_a_1025_byte_item_costs_two_units_to_write": _CONSTANT,
        "test_add_makes_and_counts": "moto adds 2.5 and 2.5 to 5.0",
        "test_conditions_are_judged_as_dynamodb_does[word > :seven]": "moto fails on comparing two types",
        "test_what_is_no_key_condition_is_refused[unequal]": _UNCHECKED,
        "test_what_is_no_key_condition_is_refused[or]": _UNCHECKED,
        "test_what_is_no_key_condition_is_refused[twice]": _UNCHECKED,
        "test_what_is_no_key_condition_is_refused[half a range]": _UNCHECKED,
        "test_an_unused_value_is_refused": _UNCHECKED,
        "test_counting_costs_as_much_as_reading": _CONSTANT,
        "test_a_start_in_another_partition_is_refused": _UNCHECKED,
        "test_impossible_segments_are_refused[negative]": _UNCHECKED,
        "test_impossible_segments_are_refused[too many]": _UNCHECKED,
        "test_a_page_that_stopped_at_its_limit_has_a_key_to_go_on_from": "moto looks whether anything follows",
        "test_a_limit_of_zero_is_refused": _UNCHECKED,
        "test_a_start_that_is_no_key_is_refused": _UNCHECKED,
        "test_a_page_of_1_mb_costs_half_a_unit_for_each_4_kb": _CONSTANT,
        "test_consistent_reads_cost_twice_as_much": _CONSTANT,
        "test_filters_counts_and_projections_cost_what_is_read": _CONSTANT,
        "test_an_impossible_name_is_refused": _UNCHECKED,
        "test_a_missing_table_is_not_found[DescribeTimeToLive]": "moto calls it a missing TTL description",
        "test_an_unknown_operation_is_refused": "moto answers with another error",
        "test_a_malformed_body_is_refused": "moto answers with a 500 or does not check",
        "test_a_get_for_other_keys_is_a_mismatch[a number to sort by]": _NAMES_ONLY,
        "test_a_get_for_other_keys_is_a_mismatch[a number as partition]": _NAMES_ONLY,
        "test_a_get_for_other_keys_is_a_mismatch[binary]": _NAMES_ONLY,
        "test_a_query_for_other_keys_is_a_mismatch[a number to sort by]": _NAMES_ONLY,
        "test_a_query_for_other_keys_is_a_mismatch[a number as partition]": _NAMES_ONLY,
        "test_a_query_for_other_keys_is_a_mismatch[binary]": _NAMES_ONLY,
    },
    "dynamodb-local": {
        "test_add_makes_and_counts": "DynamoDB Local adds 2.5 and 2.5 to 5.0",
        "test_deleting_nothing_costs_a_unit": "DynamoDB Local counts two units in a batch",
        "test_an_impossible_table_is_refused[unknown billing]": _LOCAL_500,
        "test_a_malformed_body_is_refused[empty]": _LOCAL_500,
        "test_a_malformed_body_is_refused[cut]": _LOCAL_500,
        "test_a_malformed_body_is_refused[list]": _LOCAL_500,
        "test_a_malformed_body_is_refused[number]": "DynamoDB Local calls it a ValidationException",
    },
}
