"""What users of other rule engines complain of, and the tests that show that it does not happen here.

Each trap is a sentence about such an engine or a condition language; each test is `file::name` below tests/.
"""

from __future__ import annotations

from collections.abc import Mapping

_A, _S, _R, _I = "unit/alerting/test_", "unit/service/test_", "unit/remediation/test_remediation_", "integration/"
_ENGINE, _CONDITIONS, _DERIVED = f"{_A}alert_engine.py::", f"{_A}alert_conditions.py::", f"{_A}derived_values.py::"
_DEATHS, _GUARDS, _TRAPS = f"{_I}alerting/test_alert_deaths.py::", f"{_A}alert_guards.py::", f"{_A}rule_traps.py::"
_RELOAD, _RELOADING, _EXPLAIN = f"{_A}alert_reload.py::", f"{_S}reloading.py::", f"{_A}explaining.py::"
_FOREIGN, _WEBHOOK, _KEPT = f"{_A}foreign_rules.py::", f"{_I}web/test_webhook.py::", f"{_I}store/test_store_received.py::"
_MANAGER, _OFFERS, _LIMITS = "acceptance/test_alertmanager_agent.py::", f"{_R}offers.py::", f"{_R}guards.py::"
_LOADING, _READINGS, _BACKTEST = f"{_A}rule_loading.py::", f"{_S}readings.py::", "unit/cli/test_cli_backtest.py::"
_LIFE, _RECOVERY = f"{_R}lifecycle.py::", f"{_R}recovery.py::"

MEMORY: Mapping[str, tuple[str, ...]] = {
    "After a while the memory is full and every event is refused.": (
        f"{_TRAPS}test_events_that_are_over_leave_nothing_behind",
        f"{_ENGINE}test_subjects_without_alerts_are_forgotten_after_a_day_and_alerts_never",
        f"{_A}windows.py::test_a_window_never_holds_more_than_so_many_points",
        f"{_DERIVED}test_only_what_a_rule_names_is_remembered",
    ),
    "Rules that share an event keep it for hours.": (f"{_TRAPS}test_events_that_are_over_leave_nothing_behind",),
    "A burst fills a queue, and what does not fit is lost.": (
        f"{_I}web/test_webhook_storm.py::test_a_storm_holds_nobody_up",
        f"{_WEBHOOK}test_many_at_a_time_wait_for_their_turn_and_too_many_come_again",
        f"{_S}inbox.py::test_too_many_that_wait_are_refused",
        f"{_S}keeping.py::test_what_was_refused_is_kept_with_the_next",
    ),
    "A thousand rules cost a thousand comparisons.": (
        f"{_A}alert_matchers.py::test_equality_rules_are_looked_up_and_not_tried_one_by_one",
        f"{_A}alert_matchers.py::test_the_index_finds_what_trying_every_rule_finds",
    ),
    "Many changes at once hold everything else up.": (
        f"{_S}judgement.py::test_the_loop_has_its_turns_while_a_large_reading_is_judged",
        f"{_RELOAD}test_a_reload_of_many_alerts_leaves_turns_to_others",
    ),
}

EVENTS: Mapping[str, tuple[str, ...]] = {
    "An event that was acknowledged is lost when the process dies.": (
        f"{_MANAGER}test_what_was_acknowledged_outlives_a_kill_and_is_told_once",
        f"{_WEBHOOK}test_200_waits_until_all_is_kept",
        f"{_FOREIGN}test_what_was_kept_and_not_judged_is_judged_after_a_restart",
        f"{_S}inbox.py::test_another_agent_judges_what_this_one_kept",
    ),
    "An event is dropped, and its repetition ignored because it was seen.": (
        f"{_S}inbox.py::test_what_is_not_kept_is_not_judged",
        f"{_WEBHOOK}test_what_cannot_be_kept_is_503_so_that_it_comes_again",
    ),
    "Later events carry the payload of an earlier one.": (f"{_TRAPS}test_events_of_one_reading_keep_their_own_words",),
    "What happened while nobody looked is never known.": (
        f"{_A}event_rules.py::test_an_event_that_ended_while_the_agent_was_down_is_over",
        f"{_A}event_rules.py::test_what_only_happened_fires_once_and_clears_with_the_next_reading",
    ),
    "A rule that waits for something to be absent never fires.": (
        f"{_DERIVED}test_what_is_absent_is_asked_also_where_the_reading_lacks_the_record",
        f"{_DERIVED}test_a_field_that_is_absent_from_a_record_that_is_there",
        f"{_S}remembering.py::test_absence_is_counted_over_a_restart_and_over_a_reload",
    ),
    "Several criteria need several rules.": (
        f"{_DERIVED}test_a_join_takes_the_newest_record_with_equal_labels",
        f"{_DERIVED}test_a_reading_of_the_joined_side_judges_those_who_join_it",
    ),
    "Only one action of one rule happens for an event that concerns many.": (
        f"{_A}judging_laws.py::test_alerts_are_those_of_judging_from_nothing",
    ),
    "Acting after five minutes means to ask every minute.": (
        f"{_A}alert_states.py::test_the_clocks_say_when_it_began_fired_and_ended",
    ),
}

LANGUAGE: Mapping[str, tuple[str, ...]] = {
    "A missing attribute silently skips the rule.": (
        f"{_EXPLAIN}test_a_part_without_a_value_says_which_name_has_none",
        f"{_LOADING}test_a_broken_rule_is_refused_with_its_place_and_a_hint",
    ),
    "Types are lost, and a number is compared as a text.": (
        f"{_A}rule_units.py::test_what_does_not_fit_is_refused_with_its_place_and_a_hint",
        f"{_CONDITIONS}test_a_condition_that_gives_a_number_is_refused",
    ),
    "An error of a rule names no file and no line, and comes after the start.": (
        f"{_LOADING}test_a_broken_rule_is_refused_with_its_place_and_a_hint",
        f"{_LOADING}test_all_faults_of_all_rules_are_told_at_once",
    ),
    "An example of the documentation is not accepted.": (
        f"{_A}foreign_docs.py::test_the_example_of_a_rule_loads",
        f"{_A}rule_docs.py::test_the_example_loads_and_its_test_passes",
    ),
    "An error value of the library is true.": (
        f"{_CONDITIONS}test_a_missing_field_is_no_answer_although_the_librarys_error_value_is_true",
    ),
    "A whole number next to a double has no overload.": (f"{_A}rule_units.py::test_a_whole_number_next_to_a_double_is_a_double",),
    "A limit of zero is exceeded infinitely.": (
        f"{_CONDITIONS}test_a_division_by_zero_is_no_answer_and_never_infinitely_true",
        f"{_ENGINE}test_no_limit_and_a_limit_of_zero_never_fire",
    ),
    "What is not a number compares as false, and its opposite as true.": (
        f"{_CONDITIONS}test_a_number_that_is_not_finite_is_no_value",
        f"{_A}quick_conditions.py::test_no_answer_is_settled_by_the_other_side",
    ),
    "A fast way of asking gives other answers than the library.": (
        f"{_A}quick_conditions.py::test_python_and_the_library_give_the_same_answers",
    ),
    "A pattern or a loop holds the whole engine for seconds.": (
        f"{_A}hostile_conditions.py::test_a_hostile_condition_costs_little_to_read_and_to_ask",
        f"{_A}hostile_conditions.py::test_a_pattern_of_a_matcher_costs_little",
        f"{_EXPLAIN}test_a_pattern_that_needs_the_library_is_held_against_so_many_and_the_rest_is_told",
    ),
    "A variable rendered into a playbook is code.": (
        f"{_ENGINE}test_a_hostile_path_stays_what_it_is",
        "acceptance/test_loop.py::test_a_hostile_quota_is_mended_literally_and_no_secret_is_left_anywhere",
    ),
}

CLOCKS: Mapping[str, tuple[str, ...]] = {
    "What is kept firing for a while is forgotten by a restart.": (f"{_DEATHS}test_keep_firing_for_survives",),
    "A restart sends what fires back to waiting.": (
        f"{_DEATHS}test_for_survives",
        f"{_I}alerting/test_alert_restart_laws.py::test_restarts_at_any_point_change_nothing_that_is_told",
    ),
    "A reload resets the time that a condition has held.": (f"{_RELOAD}test_a_reload_resets_no_clock_of_an_unchanged_rule",),
    "A window of numbers starts empty after a restart.": (
        f"{_S}remembering.py::test_every_function_says_after_a_restart_what_it_would_have_said_without",
        "acceptance/test_recorded_death.py::test_a_killed_agents_record_answers_and_its_successor_goes_on_with_every_window",
    ),
    "A source that is unavailable for a moment breaks the time that counts.": (
        f"{_A}alert_states.py::test_silence_does_not_move_the_time_of_the_last_data",
    ),
    "A clock that was set back stops every timer until it is reached again.": (
        f"{_A}alert_states.py::test_a_clock_that_was_set_back_by_hours_stops_no_alerts_clocks",
        f"{_DERIVED}test_silence_is_noticed_although_the_clock_was_set_back",
    ),
    "No data is told as resolved.": (
        f"{_ENGINE}test_a_firing_alert_whose_data_vanish_is_no_data_and_comes_back",
        f"{_DEATHS}test_no_data_survives_and_is_never_resolved",
        f"{_LIFE}test_no_data_is_never_success",
        f"{_FOREIGN}test_a_silent_sender_gives_no_data_and_never_an_end",
    ),
    "What flaps is mended again and again.": (
        f"{_GUARDS}test_what_flaps_asks_for_nothing_until_it_is_calm",
        f"{_DEATHS}test_flapping_survives",
    ),
    "A throttle is forgotten by a death.": (f"{_RECOVERY}test_a_question_and_an_approval_outlive_the_agent",),
}

HOLDING_BACK: Mapping[str, tuple[str, ...]] = {
    "What is inhibited fires after a reload or a restart.": (
        f"{_RELOAD}test_who_inhibits_goes_on_inhibiting",
        f"{_DEATHS}test_an_inhibition_survives",
    ),
    "A reload tells everything again.": (
        f"{_RELOAD}test_reloads_at_any_moment_change_nothing_that_is_told",
        f"{_RELOAD}test_why_nothing_is_asked_is_not_said_again_after_a_reload",
    ),
    "A restart says again why nothing was done.": (
        f"{_OFFERS}test_a_restart_says_nothing_twice",
        f"{_DEATHS}test_why_nothing_is_asked_is_said_once_over_many_lives",
    ),
    "The end of a silence is a surprise, and what was resolved in it is told or never told.": (
        f"{_GUARDS}test_at_the_end_of_a_silence_what_fires_is_told_and_asked_for",
        f"{_GUARDS}test_what_ended_in_a_silence_is_never_told",
        f"{_DEATHS}test_a_silence_survives_and_what_it_held_back_is_asked_for_once",
    ),
    "Silences, freezes and flapping are forgotten when rules are loaded anew.": (
        f"{_TRAPS}test_guards_hold_over_reloads_and_restarts_and_nothing_is_said_twice",
    ),
    "A night in which clocks change moves a maintenance window.": (
        f"{_A}maintenance_windows.py::test_a_window_by_the_clock_is_as_long_as_the_night_makes_it",
        f"{_A}maintenance_windows.py::test_a_time_that_a_night_does_not_have_brings_no_window_and_one_that_it_has_twice_brings_it_twice",
    ),
    "Nobody can see which alert inhibits another.": (f"{_EXPLAIN}test_what_holds_a_remediation_back_is_told",),
    "Nobody can see why a rule did not fire.": (
        f"{_EXPLAIN}test_where_nothing_was_seen_it_says_so_and_what_keeps_targets_from_giving_it",
        f"{_EXPLAIN}test_a_record_that_the_rule_does_not_take_is_shown_with_the_matcher_that_refuses",
        "acceptance/test_explain_agent.py::test_the_agent_says_why_a_rule_fires_for_one_and_not_for_another",
    ),
    "A short trace of the last few triggers is all that is kept.": (
        f"{_S}forgetting.py::test_of_each_rule_the_newest_decisions_stay",
    ),
    "Nobody can try a rule on what was.": (
        f"{_BACKTEST}test_it_tells_what_would_have_fired_and_for_how_long",
        f"{_BACKTEST}test_other_rules_are_compared_with_those_of_the_agent",
        f"{_READINGS}test_a_recorded_day_with_restarts_tells_the_very_same_when_it_is_lived_through_again",
    ),
}

RELOADS: Mapping[str, tuple[str, ...]] = {
    "Saving a rule cancels the playbook that runs.": (
        "acceptance/test_reload.py::test_a_playbook_that_runs_is_not_touched_by_a_reload",
    ),
    "A broken file takes the good rules with it.": (
        f"{_RELOADING}test_one_fault_and_all_goes_on_as_it_was_and_is_told_once",
        "acceptance/test_reload.py::test_rules_are_loaded_by_command_and_by_api_and_a_fault_changes_nothing",
    ),
    "A file that is half written, or goes away while it is read, ends the engine.": (
        f"{_RELOADING}test_a_half_written_file_is_no_fault_at_once",
        f"{_RELOADING}test_what_goes_away_while_it_is_loaded_is_a_fault_and_no_end",
        f"{_RELOADING}test_folders_that_come_and_go_while_they_are_looked_at_harm_nothing",
    ),
    "A rule goes from observing to acting and nobody knows who did it.": (
        f"{_RELOADING}test_what_is_loaded_is_taken_over_audited_and_counted",
        f"{_RELOADING}test_without_its_audit_row_nothing_is_taken_over",
    ),
    "A folder that Kubernetes mounts has every file twice.": (f"{_LOADING}test_a_volume_of_kubernetes_has_each_file_once",),
}

ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "Peers send the same alert many times.": (
        f"{_MANAGER}test_three_peers_that_try_five_times_each_are_one_alert_and_one_proposal",
        f"{_KEPT}test_telling_everything_again_changes_nothing_but_who_was_heard_last",
    ),
    "Firing comes after resolved.": (
        f"{_KEPT}test_resolved_is_final_for_its_beginning",
        f"{_KEPT}test_resolved_before_firing_is_no_alert_at_all",
    ),
    "What runs is killed when its alert ends.": (
        f"{_OFFERS}test_an_alert_that_goes_while_the_playbook_runs_lets_it_end",
        f"{_FOREIGN}test_an_end_while_the_playbook_ran_is_success",
    ),
}

ACTING: Mapping[str, tuple[str, ...]] = {
    "The death of the runner leaves a run open for ever, and all others behind it.": (
        "acceptance/test_death.py::test_when_everything_dies_the_run_is_measured_and_never_repeated",
        f"{_R}deaths.py::test_an_agent_that_dies_at_any_step_leaves_the_truth_to_the_next",
    ),
    "After a death the playbook begins again from its first task.": (
        f"{_RECOVERY}test_a_playbook_that_died_is_measured_and_never_repeated",
    ),
    "After a quick restart two copies run at once.": (
        "acceptance/test_death.py::test_a_playbook_that_outlives_the_agent_is_adopted",
    ),
    "A remediation that does not help is repeated without end.": (
        f"{_LIMITS}test_no_more_runs_start_in_the_window_than_are_allowed",
        f"{_LIMITS}test_the_breaker_opens_after_failures_in_a_row_on_one_target",
    ),
    "One action for each of a storm of alerts.": (
        f"{_LIMITS}test_targets_with_open_runs_are_limited",
        f"{_OFFERS}test_proposals_at_the_same_moment_cannot_all_pass_a_limit_of_one",
    ),
    "When nothing is done any more, nobody is told why.": (
        f"{_LIMITS}test_the_breaker_says_what_closes_it",
        f"{_OFFERS}test_a_reason_is_told_once_while_it_stays_the_same",
    ),
    "Safety is off unless somebody thought of it.": (f"{_LOADING}test_what_is_left_out_has_the_defaults_of_the_model",),
    "Success is what the playbook says.": (f"{_LIFE}test_verification_is_measured_again_until_it_holds",),
}

TABLES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "memory": MEMORY,
    "events": EVENTS,
    "language": LANGUAGE,
    "clocks": CLOCKS,
    "holding back": HOLDING_BACK,
    "reloads": RELOADS,
    "elsewhere": ELSEWHERE,
    "acting": ACTING,
}
