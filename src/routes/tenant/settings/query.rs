//! The query of `GET settings`: page and filters. A tenant has so few settings that they are filtered in memory.

use utoipa::IntoParams;

use crate::error::ApiError;
use crate::resource::{FromQuery, PageRequest, QueryParameters};
use crate::settings::EffectiveSetting;

/// Which settings to list.
#[derive(Debug)]
pub(super) struct SettingQuery {
    pub(super) page: PageRequest,
    search: Option<String>,
    overridden: bool,
}

/// The parameters as the documentation shows them, beside those of the page.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only the documentation reads it")]
pub(super) struct SettingParameters {
    /// Part of the name or the description.
    q: Option<String>,
    /// Settings alone whose value somebody has set.
    is_overridden: Option<bool>,
}

impl SettingQuery {
    /// Those on the page, and how many there are on all.
    pub(super) fn page_of(&self, all: Vec<EffectiveSetting>) -> (Vec<EffectiveSetting>, i64) {
        let wanted: Vec<EffectiveSetting> = all.into_iter().filter(|one| self.wants(one)).collect();
        let total = i64::try_from(wanted.len()).unwrap_or(i64::MAX);
        let number = |number: i64| usize::try_from(number).unwrap_or(usize::MAX);
        let page = wanted.into_iter().skip(number(self.page.offset()));
        (page.take(number(self.page.limit())).collect(), total)
    }

    fn wants(&self, setting: &EffectiveSetting) -> bool {
        let holds = |text: &str| {
            let part = self.search.as_deref().unwrap_or_default().to_lowercase();
            text.to_lowercase().contains(&part)
        };
        (setting.is_overridden() || !self.overridden)
            && (holds(setting.key()) || setting.description().is_some_and(holds))
    }
}

impl FromQuery for SettingQuery {
    fn from_query(query: &mut QueryParameters) -> Result<Self, ApiError> {
        Ok(Self {
            page: query.page()?,
            search: query.text("q")?,
            overridden: query.flag("is_overridden")?,
        })
    }
}
